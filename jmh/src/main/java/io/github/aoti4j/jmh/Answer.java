package io.github.aoti4j.jmh;

/** The gate before every timing. */
final class Answer {
    /** Kernels for other vector widths, and other engines, add in another order. */
    private static final float TOLERANCE = 1e-4f;

    private Answer() {}

    /**
     * Compares an output with what PyTorch answers.
     *
     * @throws IllegalStateException if they differ
     */
    static void require(float[] actual, float[] expected) {
        float largest = 0;
        float difference = actual.length == expected.length ? 0 : Float.NaN;
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
        }
        if (!(difference <= TOLERANCE * largest)) {
            throw new IllegalStateException(
                    "wrong answer: %d elements, off by %s where the largest is %s"
                            .formatted(actual.length, difference, largest));
        }
    }
}
