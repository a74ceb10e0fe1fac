package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.core.DType;

/** How far two answers may differ: NaN equals NaN, and infinities only themselves. */
record Tolerance(double relative, double absolute) {
    static final Tolerance EXACT = new Tolerance(0, 0);

    /** Returns some roundings of a type; {@code scale} is how large what is added up can be. */
    static Tolerance of(DType dtype, double roundings, double scale) {
        double rounding =
                switch (dtype) {
                    case FLOAT64 -> 0x1p-53;
                    case FLOAT32 -> 0x1p-24;
                    case FLOAT16 -> 0x1p-11;
                    case BFLOAT16 -> 0x1p-8;
                    default -> 0;
                };
        return new Tolerance(roundings * rounding, roundings * rounding * scale);
    }

    boolean holds(double expected, double actual) {
        if (Double.isNaN(expected) || Double.isInfinite(expected) || Double.isInfinite(actual)) {
            return Double.compare(expected, actual) == 0;
        }
        return Math.abs(expected - actual) <= absolute + relative * Math.abs(expected);
    }
}
