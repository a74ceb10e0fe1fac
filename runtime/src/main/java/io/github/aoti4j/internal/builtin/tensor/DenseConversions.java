package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Conversions that models make often, of elements that lie one behind the other: each is a loop
 * that the compiler can vectorize. They give what {@link Numbers} gives.
 */
final class DenseConversions {
    private static final MemorySegment MEMORY = Raw.MEMORY;

    private DenseConversions() {}

    /** Converts elements, if this conversion is one of them, and returns whether it is. */
    static boolean convert(int count, int toType, long to, int fromType, long from) {
        if (toType == Numbers.FLOAT32) {
            return convertToFloats(count, to, fromType, from);
        }
        if (fromType != Numbers.FLOAT32) {
            return false;
        }
        switch (toType) {
            case Numbers.FLOAT64 -> {
                for (int i = 0; i < count; i++) {
                    MEMORY.set(JAVA_DOUBLE_UNALIGNED, to + 8L * i, getFloat(from, i));
                }
            }
            case Numbers.FLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    short value = Float.floatToFloat16(getFloat(from, i));
                    MEMORY.set(JAVA_SHORT_UNALIGNED, to + 2L * i, value);
                }
            }
            case Numbers.BFLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    short value = Numbers.toBfloat16(getFloat(from, i));
                    MEMORY.set(JAVA_SHORT_UNALIGNED, to + 2L * i, value);
                }
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static boolean convertToFloats(int count, long to, int fromType, long from) {
        switch (fromType) {
            case Numbers.FLOAT64 -> {
                for (int i = 0; i < count; i++) {
                    setFloat(to, i, (float) MEMORY.get(JAVA_DOUBLE_UNALIGNED, from + 8L * i));
                }
            }
            case Numbers.FLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    short value = MEMORY.get(JAVA_SHORT_UNALIGNED, from + 2L * i);
                    setFloat(to, i, Float.float16ToFloat(value));
                }
            }
            case Numbers.BFLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    int value = MEMORY.get(JAVA_SHORT_UNALIGNED, from + 2L * i);
                    setFloat(to, i, Float.intBitsToFloat(value << Short.SIZE));
                }
            }
            case Numbers.INT64 -> {
                for (int i = 0; i < count; i++) {
                    setFloat(to, i, (float) MEMORY.get(JAVA_LONG_UNALIGNED, from + 8L * i));
                }
            }
            case Numbers.INT32 -> {
                for (int i = 0; i < count; i++) {
                    setFloat(to, i, (float) MEMORY.get(JAVA_INT_UNALIGNED, from + 4L * i));
                }
            }
            case Numbers.BOOL -> {
                for (int i = 0; i < count; i++) {
                    setFloat(to, i, MEMORY.get(JAVA_BYTE, from + i) != 0 ? 1 : 0);
                }
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static float getFloat(long from, int i) {
        return MEMORY.get(JAVA_FLOAT_UNALIGNED, from + 4L * i);
    }

    private static void setFloat(long to, int i, float value) {
        MEMORY.set(JAVA_FLOAT_UNALIGNED, to + 4L * i, value);
    }
}
