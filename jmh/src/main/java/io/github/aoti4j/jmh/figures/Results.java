package io.github.aoti4j.jmh.figures;

import tools.jackson.databind.json.JsonMapper;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * All that was measured.
 *
 * @param scaling one thread and two
 * @param soakKib private memory before and after millions of runs
 * @param missing contenders that could not be measured, and why
 */
record Results(
        Machine machine,
        int rounds,
        Timing timing,
        List<Figure> runs,
        List<Figure> calls,
        List<Figure> scaling,
        Map<String, Long> soakKib,
        Map<String, String> missing) {
    /** The workloads' labels, in the order in which they were measured. */
    SequencedSet<String> workloads() {
        var labels = new LinkedHashSet<String>();
        runs.forEach(figure -> labels.add(figure.workload()));
        return labels;
    }

    /** The contenders' names, in the order in which they were measured. */
    SequencedSet<String> contenders() {
        var names = new LinkedHashSet<String>();
        runs.forEach(figure -> names.add(figure.contender()));
        return names;
    }

    Optional<Figure> run(String workload, String contender) {
        return runs.stream()
                .filter(figure -> figure.workload().equals(workload))
                .filter(figure -> figure.contender().equals(contender))
                .findFirst();
    }

    String toJson() {
        return JsonMapper.builder()
                        .build()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(this)
                + "\n";
    }
}
