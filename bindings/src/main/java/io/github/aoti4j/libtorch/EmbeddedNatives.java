package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.NativeResource;
import io.github.aoti4j.bindings.natives.ResourceFolder;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The libtorch on the class path: natives that JavaCPP's presets publish as Maven artifacts, of
 * which nothing else is used.
 *
 * <p>The presets' {@code libgcc_s.so.1} is left alone: libtorch needs the system's {@code
 * libstdc++.so.6}, which brings the {@code libgcc_s.so.1} that fits it.
 */
final class EmbeddedNatives {
    /** The Maven coordinates that are known to work together. */
    static final List<String> ARTIFACTS =
            List.of(
                    "org.bytedeco:pytorch:2.10.0-1.5.13:" + Platform.CLASSIFIER,
                    "org.bytedeco:openblas:0.3.31-1.5.13:" + Platform.CLASSIFIER);

    private static final String TORCH_FOLDER = "org/bytedeco/pytorch/" + Platform.CLASSIFIER + "/";
    private static final String BLAS_FOLDER = "org/bytedeco/openblas/" + Platform.CLASSIFIER + "/";

    /** Exists if there is an embedded libtorch. */
    static final String MAIN_RESOURCE = TORCH_FOLDER + LibTorchLocation.LIBRARY;

    private static final String POM = "META-INF/maven/org.bytedeco/pytorch/pom.properties";

    private static final List<String> RESOURCES =
            List.of(
                    TORCH_FOLDER + "libgomp.so.1",
                    TORCH_FOLDER + "libc10.so",
                    MAIN_RESOURCE,
                    BLAS_FOLDER + "libquadmath.so.0",
                    BLAS_FOLDER + "libgfortran.so.5",
                    BLAS_FOLDER + "libopenblas.so.0");

    private final ClassLoader loader;

    private final String version;

    private final List<NativeResource> resources;

    private EmbeddedNatives(ClassLoader loader, String version, List<NativeResource> resources) {
        this.loader = loader;
        this.version = version;
        this.resources = resources;
    }

    static boolean isPresent(List<ClassLoader> loaders) {
        return loaders.stream().anyMatch(loader -> loader.getResource(MAIN_RESOURCE) != null);
    }

    /**
     * Looks for the natives without reading them, in the first class loader that has libtorch;
     * empty if none has.
     *
     * @throws IncompatibleModelException if a part is missing
     */
    static Optional<EmbeddedNatives> find(List<ClassLoader> loaders) {
        for (ClassLoader loader : loaders) {
            if (loader.getResource(MAIN_RESOURCE) != null) {
                try {
                    return Optional.of(
                            new EmbeddedNatives(
                                    loader,
                                    ResourceFolder.version(loader, POM),
                                    resources(loader)));
                } catch (IOException e) {
                    throw new IncompatibleModelException(
                            "the libtorch on the class path cannot be read: " + e, e);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Returns a folder with all the libraries, and unpacks them if no process has done so before.
     * If the application can use JavaCPP's PyTorch, JavaCPP unpacks them into its own folder.
     */
    Path unpack(UserCache cache, Progress progress) {
        if (JavaCppCache.isUsed(loader)) {
            Optional<Path> shared = JavaCppCache.unpack(loader, resources, progress);
            if (shared.isPresent()) {
                return shared.get();
            }
        }
        return new ResourceFolder("libtorch", version, resources).unpack(cache, progress);
    }

    private static List<NativeResource> resources(ClassLoader loader) throws IOException {
        List<NativeResource> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String resource : RESOURCES) {
            URL url = loader.getResource(resource);
            if (url == null) {
                missing.add(resource);
            } else {
                found.add(
                        NativeResource.at(resource.substring(resource.lastIndexOf('/') + 1), url));
            }
        }
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "the libtorch on the class path is incomplete: there is %s, but not %s; put both Maven artifacts on the class path: %s"
                            .formatted(
                                    MAIN_RESOURCE,
                                    String.join(", ", missing),
                                    String.join(" and ", ARTIFACTS)));
        }
        return found;
    }
}
