package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Finds libtorch, and loads nothing. These places are tried in order:
 *
 * <ol>
 *   <li>the folder that the caller gives,
 *   <li>the system property {@code aoti.libtorch},
 *   <li>the environment variable {@code AOTI_LIBTORCH},
 *   <li>natives on the class path or the module path, from the Maven artifact {@code
 *       io.github.aoti4j:aoti4j-libtorch-cpu} with classifier {@code linux-x86_64}, or from {@code
 *       org.bytedeco:pytorch} and {@code org.bytedeco:openblas}, unpacked into the user's cache
 *       folder, or by JavaCPP into its own where JavaCPP's PyTorch is beside them,
 *   <li>the folders of {@code LD_LIBRARY_PATH} and those where systems keep libraries.
 * </ol>
 *
 * <p>The property and the variable may also be {@code python}: then the {@code python3} on the PATH
 * is asked where its torch lies. A place that is named by one of the first three and contains no
 * libtorch is an error; the search does not go on.
 *
 * <p>Immutable and thread-safe.
 */
public final class LibTorchLocator {
    /** The system property that names a folder, or {@code python}. */
    public static final String PROPERTY = "aoti.libtorch";

    /** The environment variable that names a folder, or {@code python}. */
    public static final String VARIABLE = "AOTI_LIBTORCH";

    private static final String PYTHON = "python";

    private final SearchContext context;

    LibTorchLocator(SearchContext context) {
        this.context = context;
    }

    /**
     * {@return a locator over this process's settings and class path, the calling thread's context
     * class loader first}
     */
    public static LibTorchLocator ofProcess() {
        return new LibTorchLocator(SearchContext.ofProcess());
    }

    /**
     * Finds libtorch. Unpacks the embedded one if it is chosen and has not been unpacked yet.
     *
     * @param options how to find it
     * @return where it is; never {@link LibTorchOrigin#ALREADY_LOADED}
     * @throws IncompatibleModelException if there is none, with every place tried and what to do;
     *     or if a named place contains none
     * @throws AotiException if the embedded one cannot be unpacked
     */
    public LibTorchLocation locate(LibTorchOptions options) {
        Platform.requireSupported();
        return demanded(options)
                .or(() -> embedded(options))
                .or(this::system)
                .orElseThrow(() -> new IncompatibleModelException(notFound()));
    }

    /** {@return whether the system property or the environment variable names a libtorch} */
    public boolean isRequested() {
        return context.property(PROPERTY) != null || context.variable(VARIABLE) != null;
    }

    /**
     * Returns whether there is a libtorch in any of the places, without unpacking or reading it.
     *
     * @return true if {@link #locate} would probably find one
     */
    public boolean isPresent() {
        return isRequested()
                || EmbeddedNatives.isPresent(context.classLoaders())
                || isOnModulePath()
                || system().isPresent();
    }

    private boolean isOnModulePath() {
        try (URLClassLoader jars = context.modulePathLoader()) {
            return EmbeddedNatives.isPresent(List.of(jars));
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the place that was requested by name; empty if none was. */
    Optional<LibTorchLocation> demanded(LibTorchOptions options) {
        if (options.directory() != null) {
            return Optional.of(at(LibTorchOrigin.EXPLICIT, options.directory()));
        }
        String property = context.property(PROPERTY);
        if (property != null) {
            return Optional.of(named(LibTorchOrigin.SYSTEM_PROPERTY, property));
        }
        return Optional.ofNullable(context.variable(VARIABLE))
                .map(variable -> named(LibTorchOrigin.ENVIRONMENT, variable));
    }

    private LibTorchLocation named(LibTorchOrigin origin, String value) {
        return value.equals(PYTHON)
                ? at(LibTorchOrigin.PYTHON, PythonTorch.folder(context))
                : at(origin, path(origin, value));
    }

    private Optional<LibTorchLocation> embedded(LibTorchOptions options) {
        return unpacked(context.classLoaders(), options).or(() -> onModulePath(options));
    }

    private Optional<LibTorchLocation> onModulePath(LibTorchOptions options) {
        try (URLClassLoader jars = context.modulePathLoader()) {
            return unpacked(List.of(jars), options);
        } catch (IOException e) {
            throw new IncompatibleModelException("the module path cannot be read: " + e, e);
        }
    }

    private Optional<LibTorchLocation> unpacked(
            List<ClassLoader> loaders, LibTorchOptions options) {
        return EmbeddedNatives.find(loaders)
                .map(natives -> natives.unpack(context.cache(), options.progress()))
                .map(folder -> new LibTorchLocation(LibTorchOrigin.EMBEDDED, folder));
    }

    private Optional<LibTorchLocation> system() {
        return context.systemFolders().stream()
                .filter(LibTorchLocator::holdsLibrary)
                .map(folder -> new LibTorchLocation(LibTorchOrigin.SYSTEM, folder))
                .findFirst();
    }

    /** Accepts the folder or its {@code lib}, as an unpacked libtorch and pip's torch have it. */
    private static LibTorchLocation at(LibTorchOrigin origin, Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        for (Path folder : List.of(absolute, absolute.resolve("lib"))) {
            if (holdsLibrary(folder)) {
                return new LibTorchLocation(origin, folder);
            }
        }
        throw new IncompatibleModelException(
                "%s (%s) has no %s%s"
                        .formatted(
                                absolute,
                                origin.description(),
                                LibTorchLocation.LIBRARY,
                                whyNot(absolute)));
    }

    private static String whyNot(Path folder) {
        if (Files.isDirectory(folder)) {
            return ", nor has its lib folder";
        }
        return Files.exists(folder)
                ? ": this is a file; name the folder that the library lies in"
                : ": there is no such folder";
    }

    private static boolean holdsLibrary(Path folder) {
        return Files.isRegularFile(folder.resolve(LibTorchLocation.LIBRARY));
    }

    private static Path path(LibTorchOrigin origin, String value) {
        Path path = SearchContext.path(value);
        if (path == null) {
            throw new IncompatibleModelException(origin.description() + " is no path: " + value);
        }
        return path;
    }

    private String notFound() {
        return """
        no libtorch found. Places tried, in this order:
          -D%s: not set
          %s: not set
          class path and module path: no %s
          library folders: no %s in %s
        What to do: put the Maven artifact %s, of aoti4j's version, on the class path or the module path; or set -D%s=DIR (or %2$s) to \
        a folder that holds %4$s of PyTorch %s or later; or set it to "python" to use the torch of \
        the python3 on the PATH.\
        """
                .formatted(
                        PROPERTY,
                        VARIABLE,
                        String.join(", no ", EmbeddedNatives.MAIN_RESOURCES),
                        LibTorchLocation.LIBRARY,
                        String.join(
                                ", ",
                                context.systemFolders().stream().map(Path::toString).toList()),
                        EmbeddedNatives.ARTIFACT,
                        PROPERTY,
                        LibTorchLoader.SINCE);
    }
}
