package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Workload;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that checks its answer, warms up, measures, and prints a line {@code ns NUMBER} for
 * each iteration.
 *
 * @param command how it is started, without the workload and the timing
 * @param log where its standard error goes; see {@link Logs}
 */
record ProcessContender(String name, String reference, List<String> command, Path log)
        implements Contender {
    @Override
    public Sample measure(Workload workload, Timing timing)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(command);
        line.add(workload.packageFile().toString());
        line.add(workload.inputs().toString());
        line.add(workload.outputs().toString());
        line.add(Integer.toString(timing.warmUpMillis()));
        line.add(Integer.toString(timing.iterations()));
        line.add(Integer.toString(timing.iterationMillis()));
        Path file = Logs.of(log, workload);
        Process process = new ProcessBuilder(line).redirectError(file.toFile()).start();
        List<Double> iterations;
        try (var output = process.inputReader()) {
            iterations = parse(output.lines().toList());
        }
        int code = process.waitFor();
        if (code != 0 || iterations.size() != timing.iterations()) {
            throw new IOException("it ended with %d; see %s".formatted(code, file));
        }
        return new Sample(Median.of(iterations), Double.NaN);
    }

    /** Takes the figures out of what a program printed. */
    static List<Double> parse(List<String> lines) {
        return lines.stream()
                .filter(line -> line.matches("ns [0-9.]+"))
                .map(line -> Double.valueOf(line.substring("ns ".length())))
                .toList();
    }
}
