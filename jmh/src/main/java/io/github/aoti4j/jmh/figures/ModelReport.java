package io.github.aoti4j.jmh.figures;

import static java.util.stream.Collectors.joining;

import io.github.aoti4j.jmh.Machine;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The figures of large networks.
 *
 * @param missing why contenders have none
 */
record ModelReport(Machine machine, int rounds, List<Row> rows, Map<String, String> missing) {
    /**
     * @param nanos of each contender, one for each round; NaN where it failed
     */
    record Row(String network, int threads, Map<String, List<Double>> nanos) {
        void add(String contender, double time) {
            nanos.computeIfAbsent(contender, _ -> new ArrayList<>()).add(time);
        }

        /** Returns the median of the times. */
        double time(String contender) {
            return Contender.median(doubles(contender));
        }

        /** Returns the median of the ratios to the reference, taken within a round. */
        double ratio(String contender) {
            double[] own = doubles(contender).toArray();
            double[] reference = doubles(ModelContenders.REFERENCE).toArray();
            return Contender.median(
                    IntStream.range(0, Math.min(own.length, reference.length))
                            .mapToDouble(i -> own[i] / reference[i]));
        }

        private DoubleStream doubles(String contender) {
            return nanos.getOrDefault(contender, List.of()).stream().mapToDouble(d -> d);
        }
    }

    void write(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("models.json"),
                new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
        Files.writeString(folder.resolve("models.md"), markdown());
        System.err.println("written: models.json and .md in " + folder);
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        text.append(
                """
                %s Medians of %d processes; answers checked before each timing. In parentheses how \
                many times as long as ONNX Runtime in the same round.

                | network, threads | %s |
                |---|%s
                """
                        .formatted(
                                machine,
                                rounds,
                                String.join(" | ", ModelContenders.NAMES),
                                "---:|".repeat(ModelContenders.NAMES.size())));
        for (Row row : rows) {
            text.append(
                    "| %s, %d | %s |%n"
                            .formatted(
                                    row.network(),
                                    row.threads(),
                                    ModelContenders.NAMES.stream()
                                            .map(name -> cell(row, name))
                                            .collect(joining(" | "))));
        }
        missing.forEach((job, why) -> text.append("\nNot measured: " + job + ": " + why + "\n"));
        return text.toString();
    }

    private static String cell(Row row, String name) {
        double time = row.time(name);
        if (Double.isNaN(time)) {
            return "–";
        }
        double ratio = row.ratio(name);
        return name.equals(ModelContenders.REFERENCE) || Double.isNaN(ratio)
                ? Report.time(time)
                : "%s (%s)".formatted(Report.time(time), Report.number(ratio));
    }
}
