package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.container.ModelLibraries;
import io.github.aoti4j.internal.preflight.IntegerDivisions;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How often a model's library is opened, so that concurrent runs do not disturb each other (see
 * {@link IntegerDivisions}): small libraries once for each native container, from copies in memory.
 * Runs in a larger one that divides integers are made one at a time.
 *
 * @param count how many libraries
 * @param own whether all of them are copies; otherwise the first one is what other models use, too
 * @param isExclusive whether runs are made one at a time
 */
record LibraryCopies(int count, boolean own, boolean isExclusive) {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** The size of all copies, in bytes. */
    private static final long MOST = 64 << 20;

    /** By the libraries' names: models with one file share its variables. */
    private static final Map<String, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

    /**
     * Decides.
     *
     * @param bytes the size of the library
     * @param containers how many native containers there will be; several only for small libraries
     * @param runners how many runs may be in flight
     */
    static LibraryCopies of(IntegerDivisions divisions, long bytes, int containers, int runners) {
        if (divisions == IntegerDivisions.NOT_NOTED) {
            return new LibraryCopies(1, false, false);
        }
        boolean divides = divisions == IntegerDivisions.SOME;
        int most = Math.toIntExact(Math.min(MOST / Math.max(bytes, 1), containers));
        if (!divides) {
            return new LibraryCopies(Math.max(most, 1), false, false);
        }
        boolean own = bytes <= WeightsMemory.LARGEST_REPLICATED;
        boolean alone = own && most == runners;
        return new LibraryCopies(own ? Math.max(most, 1) : 1, own, !alone);
    }

    /** Opens the libraries, which the caller owns. */
    ModelLibraries open(LibrarySource library) {
        int copies = own ? count : count - 1;
        List<NativeLibrary> opened = new ArrayList<>();
        if (copies > 0) {
            try {
                opened.addAll(library.openCopies(copies));
            } catch (AotiException e) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        () -> "runs of %s share one library".formatted(library),
                        e);
                return new LibraryCopies(1, false, own || isExclusive).open(library);
            }
        }
        try {
            if (!own) {
                opened.addFirst(library.open());
            }
            return new ModelLibraries(opened, lock(opened.getFirst()));
        } catch (Throwable e) {
            Closeables.closeAfter(e, opened);
            throw e;
        }
    }

    private ReentrantLock lock(NativeLibrary library) {
        if (!isExclusive) {
            return null;
        }
        return own
                ? new ReentrantLock()
                : LOCKS.computeIfAbsent(library.name(), _ -> new ReentrantLock());
    }
}
