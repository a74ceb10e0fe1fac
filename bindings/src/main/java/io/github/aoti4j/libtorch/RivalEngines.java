package io.github.aoti4j.libtorch;

/**
 * Other Java libraries on the class path that load a libtorch of their own. A process can have only
 * one, and whoever loads a second one cannot be stopped from here: a warning is all there is.
 */
final class RivalEngines {
    /** What to do about JavaCPP's PyTorch. */
    static final String JAVACPP_ADVICE =
            "If this process uses JavaCPP's PyTorch (org.bytedeco.pytorch) after that, it ends. To"
                    + " use both, name no other libtorch and initialize the class"
                    + " org.bytedeco.pytorch.global.torch before aoti4j loads libtorch: then both"
                    + " use JavaCPP's";

    private static final String DJL_ENGINE = "ai/djl/pytorch/engine/PtEngine.class";

    private RivalEngines() {}

    /** Warns of those that cannot use the libtorch that is about to be loaded. */
    static void warn(LibTorchLocation location, SearchContext surroundings) {
        System.Logger log = System.getLogger("io.github.aoti4j");
        if (has(surroundings, JavaCppCache.API) && !JavaCppCache.contains(location.directory())) {
            log.log(
                    System.Logger.Level.WARNING,
                    "libtorch in %s (%s) is not the one of JavaCPP. %s"
                            .formatted(
                                    location.directory(),
                                    location.origin().description(),
                                    JAVACPP_ADVICE));
        }
        if (has(surroundings, DJL_ENGINE)) {
            log.log(
                    System.Logger.Level.WARNING,
                    "from now on DJL's PyTorch engine cannot load its own libtorch in this process, which has the one in %s; use another engine of DJL, or another process"
                            .formatted(location.directory()));
        }
    }

    private static boolean has(SearchContext surroundings, String resource) {
        return surroundings.classLoaders().stream()
                .anyMatch(loader -> loader.getResource(resource) != null);
    }
}
