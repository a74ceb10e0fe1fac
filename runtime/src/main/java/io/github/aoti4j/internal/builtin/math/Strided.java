package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Copies matrices of any strides, which are counted in elements. */
final class Strided {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** From here on a call that copies bytes beats a loop. */
    private static final long LONG_ROW = 128;

    /** A row that is repeated to this many bytes is copied in ever larger pieces. */
    private static final long REPEATED = 1024;

    private Strided() {}

    /** Copies elements of 1, 2, 4 or 8 bytes. */
    static void copy(
            int bytes,
            long rows,
            long columns,
            long from,
            long fromRow,
            long fromColumn,
            long to,
            long toRow,
            long toColumn) {
        boolean repeated = fromRow == 0 && toColumn == 1 && toRow == columns && rows > 1;
        if (repeated && rows * columns * bytes >= REPEATED) {
            copy(bytes, 1, columns, from, 0, fromColumn, to, 0, 1);
            repeat(to, columns * bytes, rows * columns * bytes);
            return;
        }
        if (fromColumn == 1 && toColumn == 1) {
            for (long i = 0; i < rows; i++) {
                copyRow(from + i * fromRow * bytes, to + i * toRow * bytes, columns * bytes);
            }
            return;
        }
        for (long i = 0; i < rows; i++) {
            long source = from + i * fromRow * bytes;
            long target = to + i * toRow * bytes;
            for (long j = 0; j < columns; j++) {
                copyElement(bytes, source, target);
                source += fromColumn * bytes;
                target += toColumn * bytes;
            }
        }
    }

    /** Fills memory with what lies at its start, twice as much in each step. */
    private static void repeat(long memory, long start, long bytes) {
        for (long done = start; done < bytes; done *= 2) {
            MemorySegment.copy(MEMORY, memory, MEMORY, memory + done, Math.min(done, bytes - done));
        }
    }

    private static void copyRow(long from, long to, long bytes) {
        if (bytes >= LONG_ROW) {
            MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
            return;
        }
        long done = 0;
        for (; done + Long.BYTES <= bytes; done += Long.BYTES) {
            MEMORY.set(
                    JAVA_LONG_UNALIGNED, to + done, MEMORY.get(JAVA_LONG_UNALIGNED, from + done));
        }
        for (; done < bytes; done++) {
            MEMORY.set(JAVA_BYTE, to + done, MEMORY.get(JAVA_BYTE, from + done));
        }
    }

    private static void copyElement(int bytes, long from, long to) {
        switch (bytes) {
            case 1 -> MEMORY.set(JAVA_BYTE, to, MEMORY.get(JAVA_BYTE, from));
            case 2 -> MEMORY.set(JAVA_SHORT_UNALIGNED, to, MEMORY.get(JAVA_SHORT_UNALIGNED, from));
            case 4 -> MEMORY.set(JAVA_INT_UNALIGNED, to, MEMORY.get(JAVA_INT_UNALIGNED, from));
            default -> MEMORY.set(JAVA_LONG_UNALIGNED, to, MEMORY.get(JAVA_LONG_UNALIGNED, from));
        }
    }

    /** Widens 16-bit floats to a contiguous matrix of float. */
    static void widen(
            boolean isBfloat16,
            long rows,
            long columns,
            long from,
            long fromRow,
            long fromColumn,
            long to) {
        long target = to;
        for (long i = 0; i < rows; i++) {
            long source = from + i * fromRow * Short.BYTES;
            for (long j = 0; j < columns; j++) {
                short bits = MEMORY.get(JAVA_SHORT_UNALIGNED, source);
                float value =
                        isBfloat16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat(bits);
                MEMORY.set(JAVA_FLOAT_UNALIGNED, target, value);
                source += fromColumn * Short.BYTES;
                target += Float.BYTES;
            }
        }
    }

    /** Rounds a contiguous matrix of float to 16-bit floats. */
    static void narrow(
            boolean isBfloat16,
            long rows,
            long columns,
            long from,
            long to,
            long toRow,
            long toColumn) {
        long source = from;
        for (long i = 0; i < rows; i++) {
            long target = to + i * toRow * Short.BYTES;
            for (long j = 0; j < columns; j++) {
                float value = MEMORY.get(JAVA_FLOAT_UNALIGNED, source);
                short bits = isBfloat16 ? bfloat16(value) : Float.floatToFloat16(value);
                MEMORY.set(JAVA_SHORT_UNALIGNED, target, bits);
                source += Float.BYTES;
                target += toColumn * Short.BYTES;
            }
        }
    }

    /** Rounds to the nearest, of two to the even one; NaN stays NaN. */
    static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short)
                (Float.isNaN(value)
                        ? (bits >>> 16) | 0x40
                        : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
