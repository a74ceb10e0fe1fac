package io.github.aoti4j.bindings.stub;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.ThreadPointer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Tells machine code which {@link Shelf} the run uses that its thread is in: a hash table by thread
 * pointers, with entries of two words. The first is the thread pointer, the second the address of
 * the shelf, or 0; only that thread reads and writes it. An entry is never removed. A thread that
 * has the pointer of another one that has ended finds that one's entry.
 *
 * <p>Where there is no entry, functions are calls of Java.
 *
 * <p>Thread-safe.
 */
public final class RunThreads {
    /** Part of the machine code, like the hash function. */
    private static final int BITS = 9;

    /** A cache line for each entry. */
    private static final int SPACING = 64;

    private static final int SHELF = Long.BYTES;

    /** How many entries may be passed over; more of them follow the last one. */
    private static final int PROBES = 16;

    /** Freed with this class, by when no library refers to it. The last entry stays empty. */
    private static final MemorySegment TABLE =
            Arena.ofAuto().allocate(((1L << BITS) + PROBES + 1) * SPACING, SPACING);

    private RunThreads() {}

    static long address() {
        return TABLE.address();
    }

    /**
     * Returns the address at which this thread says which shelf its run uses; 0 if there is no room
     * for it. The caller is no virtual thread.
     */
    public static synchronized long claim() {
        long thread = ThreadPointer.get();
        long at = (long) place(thread) * SPACING;
        for (int i = 0; i < PROBES; i++) {
            long other = TABLE.get(JAVA_LONG, at);
            if (other == 0 || other == thread) {
                TABLE.set(JAVA_LONG, at, thread);
                return TABLE.address() + at + SHELF;
            }
            at += SPACING;
        }
        return 0;
    }

    /** Thread pointers are multiples of 64. */
    static int place(long thread) {
        return ((int) (thread >>> 6) * 0x9e3779b1) >>> (Integer.SIZE - BITS);
    }
}
