package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.NativeResource;
import io.github.aoti4j.bindings.natives.NativesFolder;
import io.github.aoti4j.bindings.natives.ResourceFolder;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The libtorch on the class path: natives from aoti4j's own Maven artifacts, or from those of
 * JavaCPP's presets, of which nothing else is used.
 *
 * <p>The presets' {@code libgcc_s.so.1} is left alone: libtorch needs the system's {@code
 * libstdc++.so.6}, which brings the {@code libgcc_s.so.1} that fits it.
 */
final class EmbeddedNatives {
    /** The Maven artifact to add, which brings the one of OpenBLAS. */
    static final String ARTIFACT = "io.github.aoti4j:aoti4j-libtorch-cpu:" + Platform.CLASSIFIER;

    private static final NativesFolder OURS = NativesFolder.ours("libtorch");
    private static final NativesFolder OUR_BLAS = NativesFolder.ours("openblas");
    private static final NativesFolder PRESETS = NativesFolder.javaCpp("pytorch");
    private static final NativesFolder PRESETS_BLAS = NativesFolder.javaCpp("openblas");

    /** What exists if there is an embedded libtorch. */
    static final List<String> MAIN_RESOURCES =
            List.of(
                    OURS.path() + LibTorchLocation.LIBRARY,
                    PRESETS.path() + LibTorchLocation.LIBRARY);

    private static final List<String> LIBRARIES =
            List.of("libgomp.so.1", "libc10.so", LibTorchLocation.LIBRARY);

    private static final List<String> BLAS_LIBRARIES =
            List.of("libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

    private final ClassLoader loader;

    private final NativesFolder source;

    private final String version;

    private final List<NativeResource> resources;

    private EmbeddedNatives(ClassLoader loader, NativesFolder source) throws IOException {
        this.loader = loader;
        this.source = source;
        this.version = source.version(loader);
        this.resources = resources(loader, source);
    }

    static boolean isPresent(List<ClassLoader> loaders) {
        return loaders.stream().anyMatch(loader -> source(loader).isPresent());
    }

    /**
     * JavaCPP's PyTorch loads the presets' libtorch, and a process can have only one: where an
     * application can use it, it comes first.
     */
    private static Optional<NativesFolder> source(ClassLoader loader) {
        List<NativesFolder> folders =
                JavaCppCache.isUsed(loader) ? List.of(PRESETS, OURS) : List.of(OURS, PRESETS);
        return folders.stream()
                .filter(folder -> folder.has(loader, LibTorchLocation.LIBRARY))
                .findFirst();
    }

    /**
     * Looks for the natives without reading them, in the first class loader that has libtorch;
     * empty if none has.
     *
     * @throws IncompatibleModelException if a part is missing
     */
    static Optional<EmbeddedNatives> find(List<ClassLoader> loaders) {
        for (ClassLoader loader : loaders) {
            Optional<NativesFolder> source = source(loader);
            if (source.isPresent()) {
                try {
                    return Optional.of(new EmbeddedNatives(loader, source.get()));
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
        if (!source.isOurs() && JavaCppCache.isUsed(loader)) {
            Optional<Path> shared = JavaCppCache.unpack(loader, resources, progress);
            if (shared.isPresent()) {
                return shared.get();
            }
        }
        return new ResourceFolder("libtorch", version, resources).unpack(cache, progress);
    }

    private static List<NativeResource> resources(ClassLoader loader, NativesFolder source)
            throws IOException {
        // One OpenBLAS does for either libtorch.
        List<NativesFolder> blas =
                source.isOurs() ? List.of(OUR_BLAS, PRESETS_BLAS) : List.of(PRESETS_BLAS, OUR_BLAS);
        List<NativeResource> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        add(found, missing, loader, List.of(source), LIBRARIES);
        add(found, missing, loader, blas, BLAS_LIBRARIES);
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "the libtorch on the class path is incomplete: there is %s%s, but not %s; put the Maven artifact %s with all that it depends on on the class path"
                            .formatted(
                                    source.path(),
                                    LibTorchLocation.LIBRARY,
                                    String.join(", ", missing),
                                    ARTIFACT));
        }
        return found;
    }

    private static void add(
            List<NativeResource> found,
            List<String> missing,
            ClassLoader loader,
            List<NativesFolder> folders,
            List<String> libraries)
            throws IOException {
        for (String library : libraries) {
            Optional<NativesFolder> folder =
                    folders.stream().filter(each -> each.has(loader, library)).findFirst();
            if (folder.isPresent()) {
                found.add(folder.get().resource(loader, library));
            } else {
                missing.add(folders.getFirst().path() + library);
            }
        }
    }
}
