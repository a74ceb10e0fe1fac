package io.github.aoti4j.cli;

import io.github.aoti4j.core.DType;

/**
 * Collects element-wise differences: |actual - expected| may be at most atol + rtol * |expected|.
 */
final class Differences {
    private final double rtol;
    private final double atol;
    private long mismatches;
    private double maxAbsolute;
    private double maxRelative;

    Differences(double rtol, double atol) {
        this.rtol = rtol;
        this.atol = atol;
    }

    void add(double actual, double expected) {
        if (actual == expected || (Double.isNaN(actual) && Double.isNaN(expected))) {
            return;
        }
        double difference = Math.abs(actual - expected);
        // A NaN on one side, or infinities that differ, are as far apart as can be.
        if (!Double.isFinite(difference)) {
            difference = Double.POSITIVE_INFINITY;
        }
        record(difference, Math.abs(expected));
    }

    /** Integers apart: beyond 2^53 different ones may be the same double. */
    void add(long actual, long expected) {
        if (actual != expected) {
            record(
                    Math.max(Math.abs((double) actual - (double) expected), 1),
                    Math.abs((double) expected));
        }
    }

    private void record(double difference, double magnitude) {
        if (difference == Double.POSITIVE_INFINITY || difference > atol + rtol * magnitude) {
            mismatches++;
        }
        maxAbsolute = Math.max(maxAbsolute, difference);
        maxRelative = Math.max(maxRelative, difference / magnitude);
    }

    long mismatches() {
        return mismatches;
    }

    double maxAbsolute() {
        return maxAbsolute;
    }

    double maxRelative() {
        return maxRelative;
    }

    /**
     * As in {@code torch.testing.assert_close}; the eight-bit types, which it leaves out, get their
     * rounding step.
     */
    static double defaultRelative(DType dtype) {
        return switch (dtype) {
            case FLOAT64, COMPLEX128 -> 1e-7;
            case FLOAT32, COMPLEX64 -> 1.3e-6;
            case FLOAT16, COMPLEX32 -> 1e-3;
            case BFLOAT16 -> 1.6e-2;
            case FLOAT8_E5M2, FLOAT8_E5M2FNUZ -> 0.25;
            case FLOAT8_E4M3FN, FLOAT8_E4M3FNUZ -> 0.125;
            default -> 0;
        };
    }

    /** As in {@code torch.testing.assert_close}. */
    static double defaultAbsolute(DType dtype) {
        return switch (dtype) {
            case FLOAT64, COMPLEX128 -> 1e-7;
            case FLOAT32, COMPLEX64, FLOAT16, COMPLEX32, BFLOAT16 -> 1e-5;
            default -> 0;
        };
    }
}
