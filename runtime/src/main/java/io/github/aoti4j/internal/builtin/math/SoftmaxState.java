package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** For each row of an {@link AttentionBlock}: its largest score so far, and the sum. */
final class SoftmaxState {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final double[] largest = new double[AttentionTasks.ROWS];
    private final double[] sums = new double[AttentionTasks.ROWS];

    /** By what results of earlier keys are to be multiplied. */
    private final double[] factors = new double[AttentionTasks.ROWS];

    void begin(int rows) {
        Arrays.fill(largest, 0, rows, Double.NEGATIVE_INFINITY);
        Arrays.fill(sums, 0, rows, 0);
    }

    double largest(int row) {
        return largest[row];
    }

    double sum(int row) {
        return sums[row];
    }

    /** Returns whether all keys of a row are masked: its result is 0. */
    boolean isEmpty(int row) {
        return largest[row] == Double.NEGATIVE_INFINITY && sums[row] == 0;
    }

    /** Adds a block of keys to a row. */
    void add(int row, double newLargest, double sum) {
        factors[row] =
                largest[row] == Double.NEGATIVE_INFINITY ? 0 : Math.exp(largest[row] - newLargest);
        // What has not begun stays 0, whatever it is multiplied by.
        sums[row] = (sums[row] == 0 ? 0 : sums[row] * factors[row]) + sum;
        largest[row] = newLargest;
    }

    double logarithm(int row) {
        return isEmpty(row) ? 0 : largest[row] + Math.log(sums[row]);
    }

    /** Makes results of earlier keys relative to the largest scores of now. */
    void rescale(boolean isDouble, int rows, long width, long results) {
        long at = results;
        for (int r = 0; r < rows; r++) {
            double factor = factors[r];
            for (long i = 0; i < width; i++) {
                if (isDouble) {
                    double x = MEMORY.get(JAVA_DOUBLE_UNALIGNED, at);
                    MEMORY.set(JAVA_DOUBLE_UNALIGNED, at, x * factor);
                    at += Double.BYTES;
                } else {
                    float x = MEMORY.get(JAVA_FLOAT_UNALIGNED, at);
                    MEMORY.set(JAVA_FLOAT_UNALIGNED, at, x * (float) factor);
                    at += Float.BYTES;
                }
            }
        }
    }
}
