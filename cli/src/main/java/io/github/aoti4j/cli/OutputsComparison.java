package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import java.util.ArrayList;
import java.util.List;

/** The comparison of all outputs with the expected ones. */
record OutputsComparison(List<String> lines, boolean matches) {
    /** Compares; null stands for None. */
    static OutputsComparison of(List<Tensor> actual, List<Tensor> expected, Tolerances tolerances) {
        List<String> lines = new ArrayList<>();
        boolean same = actual.size() == expected.size();
        if (!same) {
            lines.add(
                    "the model has %d outputs, but %d are expected"
                            .formatted(actual.size(), expected.size()));
        }
        for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
            if (actual.get(i) == null && expected.get(i) == null) {
                lines.add(i + ": None: ok");
            } else if (expected.get(i) == null) {
                lines.add(i + ": is " + actual.get(i) + ", expected None");
                same = false;
            } else {
                var comparison = tolerances.compare(actual.get(i), expected.get(i));
                lines.add(i + ": " + comparison.description());
                same &= comparison.matches();
            }
        }
        return new OutputsComparison(lines, same);
    }
}
