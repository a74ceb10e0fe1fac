package io.github.aoti4j.jmh.figures;

import static java.util.stream.Collectors.joining;

import io.github.aoti4j.jmh.Machine;
import io.github.aoti4j.jmh.figures.Contender.Sample;
import io.github.aoti4j.jmh.figures.Contender.Timing;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** All that was measured, as JSON, as Markdown tables, and as an SVG chart. */
record Report(
        Machine machine,
        int rounds,
        Timing timing,
        List<Figure> runs,
        List<Figure> calls,
        List<Figure> scaling,
        Map<String, Long> soakKib,
        Map<String, String> missing) {
    /**
     * What a contender needed for a run of a workload.
     *
     * @param workload its label; empty for a call
     * @param heapBytes what a run allocates on the Java heap; null if unknown
     * @param ratio how many times as long as the reference: the median of the rounds' ratios; null
     *     if the reference was not measured
     */
    record Figure(
            String workload,
            String contender,
            double nanos,
            List<Double> forks,
            Double heapBytes,
            String reference,
            Double ratio) {
        /** Sums up the samples of each round. */
        static Figure of(
                String workload, Contender contender, List<Sample> own, List<Sample> reference) {
            // Within a round both ran under about the same conditions.
            var ratios =
                    IntStream.range(0, Math.min(own.size(), reference.size()))
                            .mapToDouble(i -> own.get(i).nanos() / reference.get(i).nanos());
            return new Figure(
                    workload,
                    contender.name(),
                    Contender.median(own.stream().mapToDouble(Sample::nanos)),
                    own.stream().map(Sample::nanos).toList(),
                    orNull(Contender.median(own.stream().mapToDouble(Sample::bytes))),
                    contender.reference(),
                    orNull(Contender.median(ratios)));
        }

        private static Double orNull(double value) {
            return Double.isNaN(value) ? null : value;
        }

        boolean isCompared() {
            return ratio != null && !contender.equals(reference);
        }
    }

    private List<String> workloads() {
        return runs.stream().map(Figure::workload).distinct().toList();
    }

    private Optional<Figure> run(String workload, String contender) {
        return runs.stream()
                .filter(f -> f.workload().equals(workload) && f.contender().equals(contender))
                .findFirst();
    }

    void write(Path folder, List<String> chart) throws IOException {
        Files.writeString(folder.resolve("results.json"), json());
        Files.writeString(folder.resolve("results.md"), markdown());
        Files.writeString(folder.resolve("results.svg"), svg(chart));
        System.err.println("written: results.json, .md and .svg in " + folder);
    }

    String json() {
        return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        text.append(
                """
                %s Medians of %d forks; one core per run, answers checked before each timing. In \
                parentheses how many times as long as PyTorch's C++ loader: single-threaded \
                contenders against the single-threaded one, all others against its default.
                """
                        .formatted(machine, rounds));
        String header = String.join(" | ", workloads()) + " | Java heap per run";
        table(text, " | " + header, runs.stream().map(Figure::contender).distinct().map(this::row));
        table(
                text,
                "what runs are made of | ",
                calls.stream().map(f -> f.contender() + " | " + time(f.nanos())));
        table(
                text,
                "one model | contender | throughput of two threads to one's",
                scaling.stream()
                        .filter(Figure::isCompared)
                        .map(
                                f ->
                                        f.workload()
                                                + " | "
                                                + f.contender()
                                                + " | "
                                                + number(2 / f.ratio())));
        table(
                text,
                "private memory, KiB | ",
                soakKib.entrySet().stream().map(kib -> kib.getKey() + " | " + kib.getValue()));
        missing.forEach((name, why) -> text.append("\nNot measured: " + name + ": " + why + "\n"));
        return text.toString();
    }

    private static void table(StringBuilder text, String header, Stream<String> rows) {
        String body = rows.map(row -> "| " + row + " |\n").collect(joining());
        if (!body.isEmpty()) {
            String ruler = "---:|".repeat(header.split(" \\| ", -1).length - 1);
            text.append("\n| %s |\n|---|%s\n%s".formatted(header, ruler, body));
        }
    }

    private String row(String contender) {
        var cells = workloads().stream().map(w -> run(w, contender).map(Report::cell).orElse("–"));
        // On the first workload, where least of JMH's own garbage falls to a run.
        String heap =
                runs.stream()
                        .filter(f -> f.contender().equals(contender))
                        .filter(f -> f.heapBytes() != null)
                        .map(f -> Math.round(f.heapBytes()) + " B")
                        .findFirst()
                        .orElse("");
        return contender + " | " + cells.collect(joining(" | ")) + " | " + heap;
    }

    private static String cell(Figure figure) {
        String time = time(figure.nanos());
        return figure.isCompared() ? time + " (" + number(figure.ratio()) + ")" : time;
    }

    /** Draws a panel for each workload, in colours for light and dark pages. */
    String svg(List<String> shown) {
        StringBuilder svg = new StringBuilder();
        int y = 0;
        for (String workload : workloads()) {
            List<Figure> figures = shown.stream().flatMap(c -> run(workload, c).stream()).toList();
            double longest = figures.stream().mapToDouble(Figure::nanos).max().orElse(1);
            y += 24;
            svg.append("<text class=\"title\" y=\"%d\">%s</text>\n".formatted(y, escape(workload)));
            for (Figure figure : figures) {
                y += 22;
                long length = Math.max(1, Math.round(figure.nanos() / longest * 480));
                svg.append(
                        """
                        <text class="name" x="242" y="%d">%s</text>
                        <rect class="%s" x="250" y="%d" width="%d" height="14" rx="2"/>
                        <text x="%d" y="%1$d">%s</text>
                        """
                                .formatted(
                                        y,
                                        escape(figure.contender()),
                                        figure.contender().split("\\W", 2)[0],
                                        y - 12,
                                        length,
                                        length + 256,
                                        cell(figure)));
            }
            y += 10;
        }
        return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 %d" width="860" height="%1$d" role="img">
        <title>Time of a run, and how many times as long as PyTorch's C++ loader</title>
        <style>
        text { font: 13px system-ui, sans-serif; fill: #768390 }
        rect { fill: #a5acb4 }
        .title { font-weight: 600 }
        .name { text-anchor: end }
        .aoti4j { fill: #2f81f7 }
        .C { fill: #656d76 }
        </style>
        %s<text y="%d">%s, one thread; medians</text>
        </svg>
        """
                .formatted(y + 36, svg, y + 24, escape(machine.cpu()));
    }

    private static String escape(String content) {
        return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** Formats with the unit that leaves one to three digits before the point. */
    static String time(double nanos) {
        if (nanos < 999.5) {
            return number(nanos) + " ns";
        }
        return nanos < 999_500 ? number(nanos / 1e3) + " µs" : number(nanos / 1e6) + " ms";
    }

    /** Formats three digits, or those before the point. */
    static String number(double value) {
        String format = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, format, value);
    }
}
