package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.core.DType;

/** Which numbers a type has: {@code c10::overflows} (c10/util/TypeCast.h). */
final class Conversions {
    private static final double MAX_FLOAT16 = 65504;
    private static final double MAX_BFLOAT16 = 0x1.FEp127;

    private Conversions() {}

    /** Fails if a number is outside of a type's range. */
    static void requireFits(double value, int dtype) {
        boolean fits =
                switch (dtype) {
                    case Numbers.FLOAT64, Numbers.BOOL -> true;
                    case Numbers.FLOAT32 -> isWithin(value, Float.MAX_VALUE);
                    case Numbers.FLOAT16 -> isWithin(value, MAX_FLOAT16);
                    case Numbers.BFLOAT16 -> isWithin(value, MAX_BFLOAT16);
                    case Numbers.INT8 -> value >= Byte.MIN_VALUE && value <= Byte.MAX_VALUE;
                    case Numbers.INT16 -> value >= Short.MIN_VALUE && value <= Short.MAX_VALUE;
                    case Numbers.INT32 -> value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE;
                    case Numbers.INT64 -> value >= -0x1p63 && value <= 0x1p63;
                    case Numbers.UINT8 -> value >= 0 && value <= 0xff;
                    case Numbers.UINT16 -> value >= 0 && value <= 0xffff;
                    case Numbers.UINT32 -> value >= 0 && value <= 0xffffffffL;
                    case Numbers.UINT64 -> value >= 0 && value <= 0x1p64;
                    default -> false;
                };
        if (!fits) {
            throw refused(Double.toString(value), dtype);
        }
    }

    private static boolean isWithin(double value, double most) {
        return !(Math.abs(value) > most) || Double.isInfinite(value);
    }

    /** The same; a negative number fits an unsigned type if it would with the sign changed. */
    static void requireFits(long value, int dtype) {
        boolean fits =
                switch (dtype) {
                    case Numbers.FLOAT64,
                            Numbers.FLOAT32,
                            Numbers.BFLOAT16,
                            Numbers.BOOL,
                            Numbers.INT64,
                            Numbers.UINT64 ->
                            true;
                    case Numbers.FLOAT16 -> value >= -65504 && value <= 65504;
                    case Numbers.INT8 -> value == (byte) value;
                    case Numbers.INT16 -> value == (short) value;
                    case Numbers.INT32 -> value == (int) value;
                    case Numbers.UINT8 -> value >= -0xff && value <= 0xff;
                    case Numbers.UINT16 -> value >= -0xffff && value <= 0xffff;
                    case Numbers.UINT32 -> value >= -0xffffffffL && value <= 0xffffffffL;
                    default -> false;
                };
        if (!fits) {
            throw refused(Long.toString(value), dtype);
        }
    }

    /** The same for an uint64. */
    static void requireUnsignedFits(long value, int dtype) {
        boolean fits =
                dtype == Numbers.UINT64
                        || dtype == Numbers.BOOL
                        || (Numbers.isFloating(dtype) && dtype != Numbers.FLOAT16);
        if (value >= 0) {
            requireFits(value, dtype);
        } else if (!fits) {
            throw refused(Long.toUnsignedString(value), dtype);
        }
    }

    private static BuiltInFailure refused(String value, int dtype) {
        String type = DType.ofCode(dtype).map(DType::torchName).orElse("type " + dtype);
        return new BuiltInFailure(
                "value %s cannot be converted to %s without overflow".formatted(value, type));
    }
}
