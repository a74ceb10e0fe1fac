package io.github.aoti4j.internal.builtin.math;

import java.lang.foreign.MemorySegment;

/**
 * The exponential function of arrays, in loops that the JVM's compiler turns into vector
 * instructions. It does so for arrays, not for memory by address, and not for {@link
 * Float#intBitsToFloat}, which a copy between arrays stands in for.
 *
 * <p>For arguments up to 0 the error is below 2 units in the last place, of denormal results below
 * one of theirs.
 */
final class Exponential {
    /** From here on the result is 0. */
    private static final float LEAST = -105;

    /** Adding it rounds to a whole number. */
    private static final float ROUNDING = 0x1.8p23f;

    private static final float HALF_LOG2_E = 0x1.715476p-1f;

    /** Two logarithms of 2, in two parts. */
    private static final float LN_4_HIGH = 0x1.62e4p0f;

    private static final float LN_4_LOW = 2.857213e-6f;

    private final float[] fractions;
    private final int[] exponents;
    private final float[] powers;
    private final MemorySegment exponentBits;
    private final MemorySegment powerBits;

    Exponential(int capacity) {
        fractions = new float[capacity];
        exponents = new int[capacity];
        powers = new float[capacity];
        exponentBits = MemorySegment.ofArray(exponents);
        powerBits = MemorySegment.ofArray(powers);
    }

    /** Replaces the first elements, none of which is above 0, by their exponentials. */
    void apply(float[] x, int count) {
        reduce(x, fractions, exponents, count);
        MemorySegment.copy(exponentBits, 0, powerBits, 0, (long) count * Float.BYTES);
        scale(x, fractions, powers, count);
    }

    /** Splits e^x into 4^k times a fraction; keeps the latter, and 2^k as the bits of a float. */
    private static void reduce(float[] x, float[] fractions, int[] exponents, int count) {
        for (int i = 0; i < count; i++) {
            float c = Math.max(x[i], LEAST);
            float k = Math.fma(c, HALF_LOG2_E, ROUNDING) - ROUNDING;
            float r = Math.fma(k, -LN_4_LOW, Math.fma(k, -LN_4_HIGH, c));
            // The Taylor series: |r| is at most the logarithm of 2.
            float p = Math.fma(r, 1f / 362880, 1f / 40320);
            p = Math.fma(p, r, 1f / 5040);
            p = Math.fma(p, r, 1f / 720);
            p = Math.fma(p, r, 1f / 120);
            p = Math.fma(p, r, 1f / 24);
            p = Math.fma(p, r, 1f / 6);
            p = Math.fma(p, r, 0.5f);
            p = Math.fma(p, r, 1f);
            fractions[i] = Math.fma(p, r, 1f);
            exponents[i] = ((int) k + 127) << 23;
        }
    }

    private static void scale(float[] x, float[] fractions, float[] powers, int count) {
        for (int i = 0; i < count; i++) {
            x[i] = fractions[i] * powers[i] * powers[i];
        }
    }
}
