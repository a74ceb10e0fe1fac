package io.github.aoti4j.jmh.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a contender needed for a run of a workload.
 *
 * @param workload the workload's label; empty for a call that is none
 * @param forks each fork's nanoseconds
 * @param heapBytes what a run allocates on the Java heap; null where that is not known
 * @param ratio how many times as long as the reference it takes: the median of the rounds'; null if
 *     the reference was not measured
 */
record Figure(
        String workload,
        String contender,
        double nanos,
        List<Double> forks,
        Double heapBytes,
        String reference,
        Double ratio) {
    /** Sums up. */
    static Figure of(
            String workload,
            String contender,
            Map<Integer, Sample> samples,
            String reference,
            Map<Integer, Sample> others) {
        List<Double> forks = new ArrayList<>();
        List<Double> bytes = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        samples.forEach(
                (round, sample) -> {
                    forks.add(sample.nanos());
                    if (!Double.isNaN(sample.bytes())) {
                        bytes.add(sample.bytes());
                    }
                    Sample other = others.get(round);
                    if (other != null) {
                        // Within a round both saw about the same machine.
                        ratios.add(sample.nanos() / other.nanos());
                    }
                });
        return new Figure(
                workload,
                contender,
                Median.of(forks),
                List.copyOf(forks),
                bytes.isEmpty() ? null : Median.of(bytes),
                reference,
                ratios.isEmpty() ? null : Median.of(ratios));
    }
}
