package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.tensor.NarrowFloats;

import java.lang.foreign.MemorySegment;

/** Copies of strided memory in which floats of 16 bits are of 32. */
final class Widening {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final int F64 = DType.FLOAT64.code();
    private static final int F16 = DType.FLOAT16.code();
    private static final int BF16 = DType.BFLOAT16.code();

    private Widening() {}

    /** Returns whether a dtype's elements are computed with as float. */
    static boolean isNarrow(int dtype) {
        return dtype == F16 || dtype == BF16;
    }

    /**
     * Copies five dimensions, the last innermost, to dense memory of float or double.
     *
     * @return the end of what was written
     */
    static long copy(
            int dtype,
            long source,
            long target,
            long n0,
            long s0,
            long n1,
            long s1,
            long n2,
            long s2,
            long n3,
            long s3,
            long n4,
            long s4) {
        long at = target;
        int bytes = isNarrow(dtype) ? Short.BYTES : dtype == F64 ? Double.BYTES : Float.BYTES;
        for (long a = 0; a < n0; a++) {
            for (long b = 0; b < n1; b++) {
                for (long c = 0; c < n2; c++) {
                    for (long d = 0; d < n3; d++) {
                        long from = source + (a * s0 + b * s1 + c * s2 + d * s3) * bytes;
                        at = copyRow(dtype, from, at, n4, s4);
                    }
                }
            }
        }
        return at;
    }

    /** Copies one dimension to dense memory of float or double; returns the end of it. */
    static long copyRow(int dtype, long source, long target, long count, long stride) {
        if (dtype == F64) {
            if (stride == 1) {
                MemorySegment.copy(MEMORY, source, MEMORY, target, count * Double.BYTES);
            } else {
                for (long i = 0; i < count; i++) {
                    double value =
                            MEMORY.get(JAVA_DOUBLE_UNALIGNED, source + i * stride * Double.BYTES);
                    MEMORY.set(JAVA_DOUBLE_UNALIGNED, target + i * Double.BYTES, value);
                }
            }
            return target + count * Double.BYTES;
        }
        if (isNarrow(dtype)) {
            copyNarrow(dtype, source, target, count, stride);
        } else if (stride == 1) {
            MemorySegment.copy(MEMORY, source, MEMORY, target, count * Float.BYTES);
        } else {
            for (long i = 0; i < count; i++) {
                float value = MEMORY.get(JAVA_FLOAT_UNALIGNED, source + i * stride * Float.BYTES);
                MEMORY.set(JAVA_FLOAT_UNALIGNED, target + i * Float.BYTES, value);
            }
        }
        return target + count * Float.BYTES;
    }

    private static void copyNarrow(int dtype, long source, long target, long count, long stride) {
        for (long i = 0; i < count; i++) {
            short bits = MEMORY.get(JAVA_SHORT_UNALIGNED, source + i * stride * Short.BYTES);
            float value = toFloat(dtype, bits);
            MEMORY.set(JAVA_FLOAT_UNALIGNED, target + i * Float.BYTES, value);
        }
    }

    static float toFloat(int dtype, short bits) {
        return dtype == F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
    }

    /** Rounds dense floats to dense elements of a narrow dtype. */
    static void round(int dtype, long source, long target, long count) {
        for (long i = 0; i < count; i++) {
            float value = MEMORY.get(JAVA_FLOAT_UNALIGNED, source + i * Float.BYTES);
            setNarrow(dtype, target + i * Short.BYTES, value);
        }
    }

    /** Writes an element of a narrow dtype, rounded. */
    static void setNarrow(int dtype, long target, float value) {
        DType type = dtype == F16 ? DType.FLOAT16 : DType.BFLOAT16;
        MEMORY.set(JAVA_SHORT_UNALIGNED, target, NarrowFloats.fromFloat(type, value));
    }
}
