package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;

/** Products of matrices of integers, of any strides, that wrap around. */
final class IntegerGemm {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final int UINT8 = DType.UINT8.code();
    private static final int INT8 = DType.INT8.code();
    private static final int INT16 = DType.INT16.code();
    private static final int INT32 = DType.INT32.code();
    private static final int INT64 = DType.INT64.code();

    private IntegerGemm() {}

    static boolean has(int dtype) {
        return dtype == INT64
                || dtype == INT32
                || dtype == INT16
                || dtype == INT8
                || dtype == UINT8;
    }

    /** Returns whether a number, without its fraction, is one of a type. */
    static boolean holds(int dtype, double number) {
        if (dtype == UINT8) {
            return number > -1 && number < 0x100;
        }
        double limit =
                dtype == INT64 ? 0x1p63 : dtype == INT32 ? 0x1p31 : dtype == INT16 ? 0x1p15 : 0x80;
        return number >= -limit && number < limit;
    }

    static void run(
            int dtype,
            long m,
            long n,
            long k,
            long alpha,
            long a,
            long rowA,
            long columnA,
            long b,
            long rowB,
            long columnB,
            long beta,
            long c,
            long rowC,
            long columnC) {
        long bytes = dtype == INT64 ? 8 : dtype == INT32 ? 4 : dtype == INT16 ? 2 : 1;
        for (long i = 0; i < m; i++) {
            for (long j = 0; j < n; j++) {
                long sum = 0;
                for (long p = 0; p < k; p++) {
                    sum +=
                            get(dtype, a + (i * rowA + p * columnA) * bytes)
                                    * get(dtype, b + (p * rowB + j * columnB) * bytes);
                }
                long at = c + (i * rowC + j * columnC) * bytes;
                set(bytes, at, alpha * sum + (beta == 0 ? 0 : beta * get(dtype, at)));
            }
        }
    }

    private static long get(int dtype, long at) {
        if (dtype == INT64) {
            return MEMORY.get(JAVA_LONG_UNALIGNED, at);
        }
        if (dtype == INT32) {
            return MEMORY.get(JAVA_INT_UNALIGNED, at);
        }
        if (dtype == INT16) {
            return MEMORY.get(JAVA_SHORT_UNALIGNED, at);
        }
        byte value = MEMORY.get(JAVA_BYTE, at);
        return dtype == INT8 ? value : value & 0xff;
    }

    private static void set(long bytes, long at, long value) {
        switch ((int) bytes) {
            case 1 -> MEMORY.set(JAVA_BYTE, at, (byte) value);
            case 2 -> MEMORY.set(JAVA_SHORT_UNALIGNED, at, (short) value);
            case 4 -> MEMORY.set(JAVA_INT_UNALIGNED, at, (int) value);
            default -> MEMORY.set(JAVA_LONG_UNALIGNED, at, value);
        }
    }
}
