package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_CHAR_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;

/**
 * Elements as numbers of Java, by address, converted as C++ converts them. Each number is exact
 * either as a double (floating-point types) or as a long (all others).
 */
public final class Numbers {
    // As DType has them, in the form that a switch needs.
    public static final int UINT8 = 0;
    public static final int INT8 = 1;
    public static final int INT16 = 2;
    public static final int INT32 = 3;
    public static final int INT64 = 4;
    public static final int FLOAT16 = 5;
    public static final int FLOAT32 = 6;
    public static final int FLOAT64 = 7;
    public static final int BOOL = 11;
    public static final int BFLOAT16 = 15;
    public static final int UINT16 = 27;
    public static final int UINT32 = 28;
    public static final int UINT64 = 29;

    private static final MemorySegment MEMORY = Raw.MEMORY;

    private Numbers() {}

    /** Returns whether elements of a type are read with {@link #getDouble}. */
    public static boolean isFloating(int dtype) {
        return dtype == FLOAT32 || dtype == FLOAT64 || dtype == FLOAT16 || dtype == BFLOAT16;
    }

    /** Returns whether elements of a type are read with {@link #getLong}. */
    public static boolean isIntegral(int dtype) {
        return switch (dtype) {
            case UINT8, INT8, INT16, INT32, INT64, BOOL, UINT16, UINT32, UINT64 -> true;
            default -> false;
        };
    }

    /** Fails for types whose elements are neither; they can only be copied. */
    public static void requireNumber(long tensor, String what) {
        int dtype = Tensors.dtype(tensor);
        if (!isFloating(dtype) && !isIntegral(dtype)) {
            throw noNumber(dtype, what + " is " + Tensors.describe(tensor));
        }
    }

    private static BuiltInFailure noNumber(int dtype, String text) {
        String name = DType.ofCode(dtype).map(DType::torchName).orElse("type " + dtype);
        return new BuiltInFailure("elements of %s are no real numbers: %s".formatted(name, text));
    }

    /** Reads an element of a floating-point type. */
    public static double getDouble(int dtype, long address) {
        return switch (dtype) {
            case FLOAT32 -> MEMORY.get(JAVA_FLOAT_UNALIGNED, address);
            case FLOAT64 -> MEMORY.get(JAVA_DOUBLE_UNALIGNED, address);
            case FLOAT16 -> Float.float16ToFloat(MEMORY.get(JAVA_SHORT_UNALIGNED, address));
            case BFLOAT16 ->
                    Float.intBitsToFloat(MEMORY.get(JAVA_SHORT_UNALIGNED, address) << Short.SIZE);
            default -> throw noNumber(dtype, "reading");
        };
    }

    /** Reads an element of another type; an uint64 as the int64 of the same bits. */
    public static long getLong(int dtype, long address) {
        return switch (dtype) {
            case UINT8 -> MEMORY.get(JAVA_BYTE, address) & 0xffL;
            case INT8 -> MEMORY.get(JAVA_BYTE, address);
            case INT16 -> MEMORY.get(JAVA_SHORT_UNALIGNED, address);
            case INT32 -> MEMORY.get(JAVA_INT_UNALIGNED, address);
            case INT64, UINT64 -> MEMORY.get(JAVA_LONG_UNALIGNED, address);
            case BOOL -> MEMORY.get(JAVA_BYTE, address) != 0 ? 1 : 0;
            case UINT16 -> MEMORY.get(JAVA_CHAR_UNALIGNED, address);
            case UINT32 -> MEMORY.get(JAVA_INT_UNALIGNED, address) & 0xffffffffL;
            default -> throw noNumber(dtype, "reading");
        };
    }

    /** Writes a number that was an element of a floating-point type. */
    public static void setDouble(int dtype, long address, double value) {
        switch (dtype) {
            case FLOAT32 -> MEMORY.set(JAVA_FLOAT_UNALIGNED, address, (float) value);
            case FLOAT64 -> MEMORY.set(JAVA_DOUBLE_UNALIGNED, address, value);
            case FLOAT16 -> setFloat16(address, (float) value);
            case BFLOAT16 -> setBfloat16(address, (float) value);
            case BOOL -> MEMORY.set(JAVA_BYTE, address, (byte) (value != 0 ? 1 : 0));
            // c10::static_cast_with_inter_type (c10/util/TypeCast.h) goes through int64 here.
            case UINT8 -> MEMORY.set(JAVA_BYTE, address, (byte) toLong(value));
            case INT8 -> MEMORY.set(JAVA_BYTE, address, (byte) toInt(value));
            case INT16 -> MEMORY.set(JAVA_SHORT_UNALIGNED, address, (short) toInt(value));
            case UINT16 -> MEMORY.set(JAVA_SHORT_UNALIGNED, address, (short) toInt(value));
            case INT32 -> MEMORY.set(JAVA_INT_UNALIGNED, address, toInt(value));
            case UINT32 -> MEMORY.set(JAVA_INT_UNALIGNED, address, (int) toLong(value));
            case INT64 -> MEMORY.set(JAVA_LONG_UNALIGNED, address, toLong(value));
            case UINT64 -> MEMORY.set(JAVA_LONG_UNALIGNED, address, toUnsignedLong(value));
            default -> throw noNumber(dtype, "writing");
        }
    }

    /** Writes a number that was an element of an integral type, or bool, but not uint64. */
    public static void setLong(int dtype, long address, long value) {
        switch (dtype) {
            case FLOAT32 -> MEMORY.set(JAVA_FLOAT_UNALIGNED, address, (float) value);
            case FLOAT64 -> MEMORY.set(JAVA_DOUBLE_UNALIGNED, address, (double) value);
            case FLOAT16 -> setFloat16(address, (float) value);
            case BFLOAT16 -> setBfloat16(address, (float) value);
            case BOOL -> MEMORY.set(JAVA_BYTE, address, (byte) (value != 0 ? 1 : 0));
            case UINT8, INT8 -> MEMORY.set(JAVA_BYTE, address, (byte) value);
            case INT16, UINT16 -> MEMORY.set(JAVA_SHORT_UNALIGNED, address, (short) value);
            case INT32, UINT32 -> MEMORY.set(JAVA_INT_UNALIGNED, address, (int) value);
            case INT64, UINT64 -> MEMORY.set(JAVA_LONG_UNALIGNED, address, value);
            default -> throw noNumber(dtype, "writing");
        }
    }

    /** Writes a number that was an uint64. */
    static void setUnsigned(int dtype, long address, long value) {
        if (value >= 0 || !isFloating(dtype)) {
            setLong(dtype, address, value);
        } else if (dtype == FLOAT64) {
            // The lowest bit stays set, so that the result is rounded once.
            setDouble(dtype, address, (double) ((value >>> 1) | (value & 1)) * 2);
        } else {
            setDouble(dtype, address, (float) ((value >>> 1) | (value & 1)) * 2);
        }
    }

    private static void setFloat16(long address, float value) {
        MEMORY.set(JAVA_SHORT_UNALIGNED, address, Float.floatToFloat16(value));
    }

    private static void setBfloat16(long address, float value) {
        MEMORY.set(JAVA_SHORT_UNALIGNED, address, toBfloat16(value));
    }

    /** Returns the nearest bfloat16's bits; of two, the even ones. */
    static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short)
                (Float.isNaN(value) ? 0x7fc0 : (bits + 0x7fff + (bits >>> 16 & 1)) >>> Short.SIZE);
    }

    /** As x86-64 converts: what does not fit is the least number. */
    static long toLong(double value) {
        return value >= -0x1p63 && value < 0x1p63 ? (long) value : Long.MIN_VALUE;
    }

    private static long toUnsignedLong(double value) {
        return value < 0x1p63 ? toLong(value) : toLong(value - 0x1p63) ^ Long.MIN_VALUE;
    }

    static int toInt(double value) {
        return value > -0x1p31 - 1 && value < 0x1p31 ? (int) value : Integer.MIN_VALUE;
    }
}
