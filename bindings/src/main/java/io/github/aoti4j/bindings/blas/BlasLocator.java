package io.github.aoti4j.bindings.blas;

import io.github.aoti4j.bindings.natives.NativeResource;
import io.github.aoti4j.bindings.natives.NativesFolder;
import io.github.aoti4j.bindings.natives.ResourceFolder;
import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;

import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds OpenBLAS, and loads nothing. These places are tried in order: the one named by the caller,
 * the system property, the environment variable; the Maven artifact on the class path or the module
 * path; the system's library folders. A named place without OpenBLAS is an error.
 */
final class BlasLocator {
    static final String PROPERTY = "aoti.openblas";
    static final String VARIABLE = "AOTI_OPENBLAS";

    /** The value that stands for none. */
    static final String NONE = "none";

    static final String SONAME = "libopenblas.so.0";

    static final String ARTIFACT = "io.github.aoti4j:aoti4j-openblas:" + Platform.CLASSIFIER;

    /** In the order in which they are opened: what others need first. */
    static final List<String> LIBRARIES = List.of("libquadmath.so.0", "libgfortran.so.5", SONAME);

    private static final List<NativesFolder> FOLDERS =
            List.of(NativesFolder.ours("openblas"), NativesFolder.javaCpp("openblas"));

    private final SearchContext context;

    BlasLocator(SearchContext context) {
        this.context = context;
    }

    /** Returns whether the user wants none. */
    boolean isRefused() {
        return NONE.equals(setting());
    }

    private String setting() {
        String property = context.property(PROPERTY);
        return property == null ? context.variable(VARIABLE) : property;
    }

    /**
     * Returns the place that the user has named; empty if none.
     *
     * @param explicit the caller's, or null
     * @throws IncompatibleModelException if there is no OpenBLAS
     */
    Optional<BlasLocation> named(Path explicit) {
        if (explicit != null) {
            return Optional.of(at(explicit, "given by the application"));
        }
        String value = setting();
        if (value == null) {
            return Optional.empty();
        }
        boolean isProperty = context.property(PROPERTY) != null;
        String origin = isProperty ? "-D" + PROPERTY : VARIABLE;
        Path path = SearchContext.path(value);
        if (path == null) {
            throw new IncompatibleModelException(origin + " is no path: " + value);
        }
        return Optional.of(at(path, origin));
    }

    private static BlasLocation at(Path named, String origin) {
        Path path = named.toAbsolutePath().normalize();
        for (Path file : List.of(path, path.resolve(SONAME), path.resolve("lib").resolve(SONAME))) {
            if (Files.isRegularFile(file)) {
                return new BlasLocation(file, origin, true);
            }
        }
        throw new IncompatibleModelException(
                "%s (%s) is neither a library nor a folder that holds %s, itself or in lib"
                        .formatted(path, origin, SONAME));
    }

    /** Finds one that nobody has named; empty if there is none. */
    Optional<BlasLocation> usual() {
        return unpacked(context.classLoaders()).or(this::onModulePath).or(this::ofSystem);
    }

    private Optional<BlasLocation> onModulePath() {
        try (URLClassLoader jars = context.modulePathLoader()) {
            return unpacked(List.of(jars));
        } catch (IOException e) {
            throw new IncompatibleModelException("the module path cannot be read: " + e, e);
        }
    }

    private Optional<BlasLocation> unpacked(List<ClassLoader> loaders) {
        for (ClassLoader loader : loaders) {
            for (NativesFolder folder : FOLDERS) {
                if (folder.has(loader, SONAME)) {
                    return Optional.of(unpacked(folder, loader));
                }
            }
        }
        return Optional.empty();
    }

    private BlasLocation unpacked(NativesFolder source, ClassLoader loader) {
        try {
            Path folder = resources(source, loader).unpack(context.cache(), Progress.NONE);
            return new BlasLocation(folder.resolve(SONAME), "natives on the class path", false);
        } catch (IOException e) {
            throw new IncompatibleModelException(
                    "the OpenBLAS on the class path cannot be read: " + e, e);
        }
    }

    /** What it needs and the artifact lacks may be the system's. */
    private static ResourceFolder resources(NativesFolder source, ClassLoader loader)
            throws IOException {
        List<NativeResource> found = new ArrayList<>();
        for (String name : LIBRARIES) {
            NativeResource resource = source.resource(loader, name);
            if (resource != null) {
                found.add(resource);
            }
        }
        return new ResourceFolder("openblas", source.version(loader), found);
    }

    private Optional<BlasLocation> ofSystem() {
        return context.systemFolders().stream()
                .map(folder -> folder.resolve(SONAME))
                .filter(Files::isRegularFile)
                .map(file -> new BlasLocation(file, "system library folders", false))
                .findFirst();
    }
}
