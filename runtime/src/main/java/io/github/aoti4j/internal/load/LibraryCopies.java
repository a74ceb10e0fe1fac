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
 * How many copies of a model's library are opened, so that concurrent runs do not disturb one
 * another (see {@link IntegerDivisions}): of small libraries one for each native container. Runs in
 * a larger one that divides integers are made one at a time.
 *
 * @param count how many libraries
 * @param own whether no other model may use them
 * @param isExclusive whether runs are made one at a time
 */
record LibraryCopies(int count, boolean own, boolean isExclusive) {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** The size of all copies, in bytes. */
    private static final long MOST_BYTES = 64 << 20;

    private static final int MOST = 64;

    /** The libraries that no other model may use. */
    private static final List<NativeLibrary> OWNED = new ArrayList<>();

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
        long most = Math.min(MOST, Math.max(MOST_BYTES / Math.max(bytes, 1), 1));
        int count = Math.toIntExact(Math.min(most, containers));
        if (divisions == IntegerDivisions.NONE) {
            return new LibraryCopies(count, false, false);
        }
        boolean own = bytes <= WeightsMemory.LARGEST_REPLICATED;
        return new LibraryCopies(count, own, !own || count < runners);
    }

    /** Opens the libraries, which the caller owns. */
    ModelLibraries open(LibrarySource library) {
        List<NativeLibrary> opened = new ArrayList<>();
        try {
            for (int number = 0; opened.size() < count; number++) {
                NativeLibrary copy = library.openCopy(number);
                if (!own || claim(copy)) {
                    opened.add(copy);
                } else {
                    copy.close();
                }
            }
            return new ModelLibraries(opened, lock(opened.getFirst()), () -> close(opened));
        } catch (AotiException e) {
            Closeables.closeAfter(e, () -> close(opened));
            if (count == 1) {
                throw e;
            }
            LOG.log(System.Logger.Level.DEBUG, () -> library + " is opened once", e);
            return new LibraryCopies(1, own, own).open(library);
        } catch (Throwable e) {
            Closeables.closeAfter(e, () -> close(opened));
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

    private void close(List<NativeLibrary> opened) {
        if (own) {
            synchronized (OWNED) {
                OWNED.removeAll(opened);
            }
        }
        Closeables.closeAll(opened);
    }

    /** Notes a library as this model's own. Returns false if it is another one's. */
    private static boolean claim(NativeLibrary library) {
        synchronized (OWNED) {
            for (NativeLibrary owned : OWNED) {
                if (owned.isSameAs(library)) {
                    return false;
                }
            }
            OWNED.add(library);
            return true;
        }
    }
}
