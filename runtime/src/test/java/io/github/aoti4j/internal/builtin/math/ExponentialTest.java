package io.github.aoti4j.internal.builtin.math;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ExponentialTest {
    private static final int COUNT = 1000;

    private final Exponential exponential = new Exponential(COUNT);

    @Test
    void isWithinTwoUnitsInTheLastPlace() {
        float[] x = new float[COUNT];
        for (float from = -106; from < 0; from += 0.5f) {
            for (int i = 0; i < COUNT; i++) {
                x[i] = from + 0.5f * i / COUNT;
            }
            float[] y = x.clone();
            exponential.apply(y, COUNT);
            for (int i = 0; i < COUNT; i++) {
                double expected = Math.exp(x[i]);
                String what = "e^%s: %s instead of %s".formatted(x[i], y[i], expected);
                assertTrue(Math.abs(y[i] - expected) <= 2 * Math.ulp((float) expected), what);
            }
        }
    }

    @Test
    void endsAreExact() {
        float[] x = {0, -0f, Float.NEGATIVE_INFINITY, -1e30f, -Float.MAX_VALUE, Float.NaN};
        exponential.apply(x, x.length);
        assertArrayEquals(new float[] {1, 1, 0, 0, 0, Float.NaN}, x);
    }
}
