package io.github.aoti4j.internal.tensor;

import io.github.aoti4j.core.DType;

/**
 * Converts the floating-point types that Java has no primitive for. Every value of them is exactly
 * a {@code float}.
 *
 * <p>The eight-bit layouts are those of {@code torch/headeronly/util/Float8_*.h}.
 */
public final class NarrowFloats {
    private NarrowFloats() {}

    /**
     * Widens one element.
     *
     * @param dtype a type of 16 or 8 bits
     * @param bits its bits; higher ones are ignored
     * @throws IllegalArgumentException for another type
     */
    public static float toFloat(DType dtype, int bits) {
        return switch (dtype) {
            case FLOAT16, COMPLEX32 -> Float.float16ToFloat((short) bits);
            case BFLOAT16 -> Float.intBitsToFloat(bits << 16);
            // Binary16 with its lower eight bits of fraction cut off.
            case FLOAT8_E5M2 -> Float.float16ToFloat((short) (bits << 8));
            case FLOAT8_E4M3FN -> (bits & 0x7f) == 0x7f ? Float.NaN : eightBits(bits, 3, 7);
            case FLOAT8_E4M3FNUZ -> (bits & 0xff) == 0x80 ? Float.NaN : eightBits(bits, 3, 8);
            case FLOAT8_E5M2FNUZ -> (bits & 0xff) == 0x80 ? Float.NaN : eightBits(bits, 2, 16);
            case FLOAT8_E8M0FNU ->
                    (bits & 0xff) == 0xff ? Float.NaN : Math.scalb(1f, (bits & 0xff) - 127);
            default -> throw new IllegalArgumentException(dtype + " is not a narrow float");
        };
    }

    /**
     * Rounds to a type of 16 bits: to the nearest value, of two equally near ones to the one whose
     * last bit is 0. What is too large becomes infinite, NaN stays NaN.
     *
     * @param dtype float16 or bfloat16
     * @throws IllegalArgumentException for another type
     */
    public static short fromFloat(DType dtype, float value) {
        return switch (dtype) {
            case FLOAT16 -> Float.floatToFloat16(value);
            case BFLOAT16 -> {
                int bits = Float.floatToRawIntBits(value);
                // A carry out of the fraction raises the exponent, up to infinity's. A NaN is made
                // quiet, so that it keeps a bit of its fraction.
                yield (short)
                        (Float.isNaN(value)
                                ? (bits >>> 16) | 0x40
                                : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
            }
            default -> throw new IllegalArgumentException(dtype + " is not float16 or bfloat16");
        };
    }

    /** An eight-bit float without infinities: sign, exponent, fraction; exponent 0 is subnormal. */
    private static float eightBits(int bits, int fractionBits, int bias) {
        int fraction = bits & ((1 << fractionBits) - 1);
        int exponent = (bits & 0x7f) >>> fractionBits;
        float magnitude =
                exponent == 0
                        ? Math.scalb((float) fraction, 1 - bias - fractionBits)
                        : Math.scalb(
                                (float) (fraction | 1 << fractionBits),
                                exponent - bias - fractionBits);
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }
}
