package io.github.aoti4j.jmh.figures;

import java.util.Collection;

final class Median {
    private Median() {}

    /** The middle one, or the mean of the middle two; NaN of none. */
    static double of(Collection<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int half = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
