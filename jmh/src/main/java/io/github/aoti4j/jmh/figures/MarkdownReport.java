package io.github.aoti4j.jmh.figures;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Results as Markdown tables. */
final class MarkdownReport {
    private final Results results;
    private final StringBuilder text = new StringBuilder();

    private MarkdownReport(Results results) {
        this.results = results;
    }

    static String of(Results results) {
        return new MarkdownReport(results).write();
    }

    private String write() {
        text.append(results.machine().describe())
                .append(
                        """
                         Medians of %d forks; one core per run, answers checked before each \
                        timing. In parentheses how many times as long as PyTorch's C++ loader: \
                        single-threaded contenders against the single-threaded one, all others \
                        against its default.
                        """
                                .formatted(results.rounds()));
        writeRuns();
        writeCalls();
        writeScaling();
        writeSoak();
        results.missing()
                .forEach(
                        (name, why) ->
                                text.append("\nNot measured: %s: %s\n".formatted(name, why)));
        return text.toString();
    }

    private void writeRuns() {
        List<String> workloads = List.copyOf(results.workloads());
        text.append("\n| |");
        workloads.forEach(workload -> text.append(' ').append(workload).append(" |"));
        text.append(" Java heap per run |\n|---|").append("---:|".repeat(workloads.size() + 1));
        for (String contender : results.contenders()) {
            text.append("\n| ").append(contender).append(" |");
            for (String workload : workloads) {
                var cell = results.run(workload, contender).map(MarkdownReport::cell);
                text.append(' ').append(cell.orElse("–")).append(" |");
            }
            text.append(' ').append(bytes(contender)).append(" |");
        }
        text.append('\n');
    }

    private static String cell(Figure figure) {
        String time = Units.time(figure.nanos());
        return figure.ratio() == null || figure.contender().equals(figure.reference())
                ? time
                : "%s (%s)".formatted(time, Units.ratio(figure.ratio()));
    }

    /** On the first workload, where least of JMH's own garbage falls to a run. */
    private String bytes(String contender) {
        return results.runs().stream()
                .filter(figure -> figure.contender().equals(contender))
                .filter(figure -> figure.heapBytes() != null)
                .findFirst()
                .map(figure -> String.format(Locale.ROOT, "%.0f B", figure.heapBytes()))
                .orElse("");
    }

    private void writeCalls() {
        if (!results.calls().isEmpty()) {
            text.append("\n| what runs are made of | |\n|---|---:|\n");
            results.calls()
                    .forEach(
                            call ->
                                    text.append(
                                            "| %s | %s |\n"
                                                    .formatted(
                                                            call.contender(),
                                                            Units.time(call.nanos()))));
        }
    }

    /** A figure is the time of a run as one thread sees it, its ratio that to one thread's. */
    private void writeScaling() {
        var two = results.scaling().stream().filter(f -> !f.contender().equals(f.reference()));
        String rows =
                two.filter(figure -> figure.ratio() != null)
                        .map(
                                figure ->
                                        "| %s | %s |\n"
                                                .formatted(
                                                        figure.workload(),
                                                        Units.ratio(2 / figure.ratio())))
                        .collect(Collectors.joining());
        if (!rows.isEmpty()) {
            text.append("\n| one model | throughput of two threads to one's |\n|---|---:|\n")
                    .append(rows);
        }
    }

    private void writeSoak() {
        if (!results.soakKib().isEmpty()) {
            text.append("\n| private memory, KiB | |\n|---|---:|\n");
            results.soakKib()
                    .forEach((name, kib) -> text.append("| %s | %d |\n".formatted(name, kib)));
        }
    }
}
