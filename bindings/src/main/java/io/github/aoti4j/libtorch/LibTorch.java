package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.bindings.torch.DefaultGenerator;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The libtorch of this process: found, loaded and checked once, and never unloaded.
 *
 * <p>There is one per process because PyTorch allows no second: its registries are the process's,
 * and a second copy ends the process while it loads. One that other code has loaded before is used
 * as it is; other code cannot be stopped from loading its own later.
 *
 * <p>Thread-safe.
 */
public final class LibTorch {
    private static final Object LOCK = new Object();

    private static volatile LibTorch loaded;

    private final LibTorchLocation location;
    private final NativeLibrary library;

    private final String version;

    private final Map<String, Boolean> known = new ConcurrentHashMap<>();

    LibTorch(LibTorchLocation location, NativeLibrary library, String version) {
        this.location = location;
        this.library = library;
        this.version = version;
    }

    /**
     * Loads libtorch from the usual places if it is not loaded.
     *
     * @return the process's libtorch
     * @throws IncompatibleModelException if there is none that works here
     * @throws AotiException if the embedded one cannot be unpacked
     * @see LibTorchLocator
     */
    public static LibTorch load() {
        return load(LibTorchOptions.DEFAULT);
    }

    /**
     * Loads libtorch from a folder if it is not loaded.
     *
     * @param directory the folder that contains {@code libtorch_cpu.so}, or one whose {@code lib}
     *     does
     * @return the process's libtorch
     * @throws IncompatibleModelException if there is none that works here, or another one is loaded
     */
    public static LibTorch load(Path directory) {
        return load(
                LibTorchOptions.DEFAULT.withDirectory(
                        Objects.requireNonNull(directory, "directory")));
    }

    /**
     * Loads libtorch if it is not loaded. After a failure it may be tried again with other options.
     *
     * @param options how to find it; once it is loaded, only the folder matters
     * @return the process's libtorch
     * @throws IncompatibleModelException if there is none that works here, or the options name a
     *     folder and one from another folder is loaded
     * @throws AotiException if the embedded one cannot be unpacked
     */
    public static LibTorch load(LibTorchOptions options) {
        Objects.requireNonNull(options, "options");
        LibTorch torch = loaded;
        if (torch == null) {
            StackGuard.requireForLoad();
            synchronized (LOCK) {
                if (loaded == null) {
                    loaded = LibTorchLoader.load(options, SearchContext.ofProcess());
                }
                torch = loaded;
            }
        }
        if (options.directory() != null) {
            torch.requireFrom(options.directory());
        }
        return torch;
    }

    /**
     * Seeds libtorch's random generators, of the CPU and of devices, as {@code torch.manual_seed}
     * in Python does: the models that run next draw the same numbers as in PyTorch. Loads libtorch
     * from the usual places if it is not loaded.
     *
     * <p>All models of the process share the generators. The numbers of runs that overlap depend on
     * their order.
     *
     * @param seed any number; a negative one stands for the same bits without a sign
     * @throws IncompatibleModelException if no libtorch works here, or this one cannot be seeded
     */
    public static void manualSeed(long seed) {
        load();
        DefaultGenerator.seed(seed);
    }

    /** {@return the process's libtorch; empty before the first successful {@code load}} */
    public static Optional<LibTorch> loaded() {
        return Optional.ofNullable(loaded);
    }

    /** {@return how this libtorch was found} */
    public LibTorchOrigin origin() {
        return location.origin();
    }

    /** {@return the folder that contains {@code libtorch_cpu.so}} */
    public Path directory() {
        return location.directory();
    }

    /** {@return PyTorch's major, minor and patch version, such as {@code 2.10.0}} */
    public String version() {
        return version;
    }

    /**
     * Returns whether this libtorch exports a function. Repeated queries are answered from a map.
     *
     * @param symbol the C name
     * @return false for functions of a later PyTorch
     */
    public boolean has(String symbol) {
        Boolean has = known.get(Objects.requireNonNull(symbol, "symbol"));
        if (has == null) {
            // Two threads that ask at once get the same answer.
            has = library.has(symbol);
            known.put(symbol, has);
        }
        return has;
    }

    /**
     * Lists the symbols that this libtorch does not export.
     *
     * @param symbols C names
     * @return those that are missing, in the order given
     */
    public List<String> missing(Collection<String> symbols) {
        return library.missing(Objects.requireNonNull(symbols, "symbols"));
    }

    /** {@return version, folder and origin, in one line} */
    @Override
    public String toString() {
        return "libtorch %s in %s (%s)"
                .formatted(version, location.directory(), location.origin().description());
    }

    private void requireFrom(Path directory) {
        for (Path folder : List.of(directory, directory.resolve("lib"))) {
            Path other = folder.resolve(LibTorchLocation.LIBRARY);
            try {
                if (Files.exists(other) && Files.isSameFile(other, location.library())) {
                    return;
                }
            } catch (IOException e) {
                throw new IncompatibleModelException(other + " cannot be read: " + e, e);
            }
        }
        throw new IncompatibleModelException(
                "libtorch was to be loaded from %s, but this process has %s; there is one per process: start another for another libtorch"
                        .formatted(directory, this));
    }
}
