package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies and clears memory by address, in multiples of four bytes, without making a segment. */
final class Bytes {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Up to here a loop is faster than the call of a copying routine. */
    private static final long SHORT = 96;

    private static final long BLOCK_BYTES = 1 << 14;
    private static final long ZEROS = Arena.global().allocate(BLOCK_BYTES, 64).address();

    private Bytes() {}

    static void copy(long source, long target, long bytes) {
        if (bytes > SHORT) {
            MemorySegment.copy(MEMORY, source, MEMORY, target, bytes);
            return;
        }
        long at = 0;
        for (; at + 4 * Long.BYTES <= bytes; at += 4 * Long.BYTES) {
            long a = MEMORY.get(JAVA_LONG_UNALIGNED, source + at);
            long b = MEMORY.get(JAVA_LONG_UNALIGNED, source + at + Long.BYTES);
            long c = MEMORY.get(JAVA_LONG_UNALIGNED, source + at + 2 * Long.BYTES);
            long d = MEMORY.get(JAVA_LONG_UNALIGNED, source + at + 3 * Long.BYTES);
            MEMORY.set(JAVA_LONG_UNALIGNED, target + at, a);
            MEMORY.set(JAVA_LONG_UNALIGNED, target + at + Long.BYTES, b);
            MEMORY.set(JAVA_LONG_UNALIGNED, target + at + 2 * Long.BYTES, c);
            MEMORY.set(JAVA_LONG_UNALIGNED, target + at + 3 * Long.BYTES, d);
        }
        for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
            long value = MEMORY.get(JAVA_LONG_UNALIGNED, source + at);
            MEMORY.set(JAVA_LONG_UNALIGNED, target + at, value);
        }
        if (at < bytes) {
            int value = MEMORY.get(JAVA_INT_UNALIGNED, source + at);
            MEMORY.set(JAVA_INT_UNALIGNED, target + at, value);
        }
    }

    static void clear(long target, long bytes) {
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            copy(ZEROS, target + done, Math.min(BLOCK_BYTES, bytes - done));
        }
    }
}
