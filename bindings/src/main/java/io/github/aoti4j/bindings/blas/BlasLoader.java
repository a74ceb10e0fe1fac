package io.github.aoti4j.bindings.blas;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.Environment;
import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.bindings.os.LoadHint;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Opens the OpenBLAS that was found, if it can be used. It is never closed: it has threads. */
final class BlasLoader {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private static final String THREADS = "OPENBLAS_NUM_THREADS";

    private static final List<String> REQUIRED =
            List.of(
                    "cblas_sgemm",
                    "cblas_dgemm",
                    "cblas_sgemv",
                    "cblas_dgemv",
                    "openblas_get_config",
                    "openblas_get_num_procs",
                    "openblas_get_num_threads",
                    "openblas_get_parallel",
                    "openblas_set_num_threads");

    /** What {@code openblas_get_parallel} returns. */
    private static final int FOR_ONE_THREAD = 0;

    private BlasLoader() {}

    /**
     * Opens it.
     *
     * @param explicit the place that the caller names, or null
     * @throws IncompatibleModelException if what the user has named cannot be used
     */
    static BlasLibrary load(Path explicit, SearchContext context) {
        Platform.requireSupported();
        var locator = new BlasLocator(context);
        if (explicit == null && locator.isRefused()) {
            return absent("the setting " + BlasLocator.PROPERTY + " is " + BlasLocator.NONE);
        }
        BlasLocation named = locator.named(explicit).orElse(null);
        if (named != null) {
            return open(named);
        }
        try {
            var present = NativeLibrary.ifLoaded(BlasLocator.SONAME);
            if (present.isPresent()) {
                return checked(present.get(), "already loaded by this process", false);
            }
            BlasLocation found = locator.usual().orElse(null);
            return found == null
                    ? absent("put %s on the class path".formatted(BlasLocator.ARTIFACT))
                    : open(found);
        } catch (AotiException e) {
            return absent(e.getMessage());
        }
    }

    private static BlasLibrary absent(String why) {
        LOG.log(
                System.Logger.Level.INFO,
                "matrix products run in Java, slower: there is no OpenBLAS (" + why + ")");
        return new BlasLibrary(null, "no OpenBLAS: " + why, false);
    }

    private static BlasLibrary open(BlasLocation location) {
        try {
            Path folder = location.library().getParent();
            for (String need : BlasLocator.LIBRARIES) {
                Path file = folder.resolve(need);
                if (!need.equals(BlasLocator.SONAME)
                        && Files.isRegularFile(file)
                        && NativeLibrary.ifLoaded(need).isEmpty()) {
                    NativeLibrary _ = NativeLibrary.open(file);
                }
            }
            return checked(
                    openWithoutThreads(location.library()),
                    "%s (%s)".formatted(location.library(), location.origin()),
                    true);
        } catch (NativeException e) {
            throw new IncompatibleModelException(
                    "OpenBLAS (%s) cannot be loaded: %s%s"
                            .formatted(
                                    location.origin(),
                                    e.nativeMessage(),
                                    LoadHint.of(e.nativeMessage())),
                    e);
        }
    }

    /**
     * It would start a thread for each processor as it is loaded, and end the process if the system
     * refused one.
     */
    private static NativeLibrary openWithoutThreads(Path file) {
        String before = System.getenv(THREADS);
        Environment.set(THREADS, "1");
        try {
            return NativeLibrary.open(file);
        } finally {
            if (before == null) {
                Environment.remove(THREADS);
            } else {
                Environment.set(THREADS, before);
            }
        }
    }

    private static BlasLibrary checked(NativeLibrary library, String where, boolean own) {
        library.require(REQUIRED);
        String config = config(library.address("openblas_get_config"));
        if (config.contains("USE64BITINT")) {
            throw new IncompatibleModelException(
                    "OpenBLAS in %s takes 64-bit integers and cannot be used: %s"
                            .formatted(where, config));
        }
        int threads = integer(library.address("openblas_get_parallel"));
        if (threads == FOR_ONE_THREAD) {
            throw new IncompatibleModelException(
                    "OpenBLAS in %s is built for one thread, and several could not call it: %s"
                            .formatted(where, config));
        }
        String description = "OpenBLAS of " + where + ": " + config.strip();
        LOG.log(System.Logger.Level.DEBUG, "matrix products run on " + description);
        return new BlasLibrary(library, description, own);
    }

    private static String config(MemorySegment function) {
        return MemorySegment.ofAddress(IntegerCall.call(function))
                .reinterpret(1 << 12)
                .getString(0);
    }

    private static int integer(MemorySegment function) {
        return (int) IntegerCall.call(function);
    }

    /** Has it compute on as many threads as it would by itself. */
    static void useAllThreads(NativeLibrary library) {
        int threads = integer(library.address("openblas_get_num_procs"));
        for (String variable : List.of("OMP_NUM_THREADS", THREADS)) {
            String value = System.getenv(variable);
            if (value != null && value.matches("[1-9]\\d{0,3}")) {
                threads = Math.min(threads, Integer.parseInt(value));
            }
        }
        long _ = IntegerCall.call(library.address("openblas_set_num_threads"), threads);
    }
}
