package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.SearchContext;

/**
 * Other Java libraries on the class path that load a libtorch of their own. A process can have only
 * one, and they cannot be stopped from loading a second one: all that is left is a warning.
 */
final class RivalEngines {
    static final String JAVACPP_ADVICE =
            "If this process uses JavaCPP's PyTorch (org.bytedeco.pytorch) after that, it ends. To"
                    + " use both, name no other libtorch and initialize the class"
                    + " org.bytedeco.pytorch.global.torch before aoti4j loads libtorch: then both"
                    + " use JavaCPP's";

    private static final String DJL_ENGINE = "ai/djl/pytorch/engine/PtEngine.class";

    private RivalEngines() {}

    /** Warns of those that cannot use the libtorch that is about to be loaded. */
    static void warn(LibTorchLocation location, SearchContext context) {
        System.Logger log = System.getLogger("io.github.aoti4j");
        if (has(context, JavaCppCache.API) && !JavaCppCache.contains(location.directory())) {
            log.log(
                    System.Logger.Level.WARNING,
                    "libtorch in %s (%s) is not the one of JavaCPP. %s"
                            .formatted(
                                    location.directory(),
                                    location.origin().description(),
                                    JAVACPP_ADVICE));
        }
        if (has(context, DJL_ENGINE)) {
            log.log(
                    System.Logger.Level.WARNING,
                    "from now on DJL's PyTorch engine cannot load its own libtorch in this process, which has the one in %s; use another engine of DJL, or another process"
                            .formatted(location.directory()));
        }
    }

    private static boolean has(SearchContext context, String resource) {
        return context.classLoaders().stream()
                .anyMatch(loader -> loader.getResource(resource) != null);
    }
}
