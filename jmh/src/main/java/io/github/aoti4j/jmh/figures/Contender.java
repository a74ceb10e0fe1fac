package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Workload;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.ListStatistics;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A way to run a workload. Each fork is a process, which checks its answer before it measures.
 *
 * @param reference the name of the contender with which it is compared
 */
record Contender(String name, String reference, Measurement measurement) {
    /** Measures one fork; {@code log} gets what it prints. */
    @FunctionalInterface
    interface Measurement {
        Sample measure(Workload workload, Timing timing, Path log) throws Exception;
    }

    /** The median of a fork's iterations, and the Java heap per run, which is NaN if unknown. */
    record Sample(double nanos, double bytes) {}

    /** How long each fork is measured. */
    record Timing(int warmUpMillis, int iterations, int iterationMillis) {
        /** Divides the time among all forks, each of which takes about 1.5 s to start. */
        static Timing within(double minutes, int forks) {
            double seconds = Math.max(0.8, minutes * 60 / forks - 1.5);
            int warmUp = (int) (seconds * 500);
            return new Timing(warmUp, 5, (int) (seconds * 1000 - warmUp) / 5);
        }
    }

    /** Returns the median of the values that are not NaN; NaN if there are none. */
    static double median(DoubleStream values) {
        return new ListStatistics(values.filter(v -> !Double.isNaN(v)).toArray()).getPercentile(50);
    }

    /** Returns a JMH benchmark, for example {@code RunnerBenchmark.run SINGLE_THREADED}. */
    static Measurement jmh(String benchmark, List<String> jvm) {
        String[] words = benchmark.split(" ", -1);
        String include = ("io.github.aoti4j.jmh." + words[0]).replace(".", "\\.");
        return (workload, timing, log) -> {
            var options =
                    new OptionsBuilder()
                            .include("^" + include + "$")
                            .forks(1)
                            .warmupIterations(2)
                            .warmupTime(TimeValue.milliseconds(timing.warmUpMillis() / 2))
                            .measurementIterations(timing.iterations())
                            .measurementTime(TimeValue.milliseconds(timing.iterationMillis()))
                            .addProfiler(GCProfiler.class)
                            .jvmArgsAppend(jvm.toArray(String[]::new))
                            .shouldFailOnError(true)
                            .output(log.toString());
            if (workload != null) {
                options.param("workload", workload.name());
            }
            if (words.length > 1) {
                options.param("entry", words[1]);
            }
            try {
                var result = new Runner(options.build()).runSingle();
                var bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
                return new Sample(
                        result.getPrimaryResult().getStatistics().getPercentile(50),
                        bytes == null ? Double.NaN : bytes.getScore());
            } catch (RunnerException e) {
                throw new IOException("it failed; see " + log, e);
            }
        };
    }

    /** Returns a program that prints a line {@code ns NUMBER} for each iteration. */
    static Measurement program(String... command) {
        return (workload, timing, log) -> {
            List<String> line = new ArrayList<>(List.of(command));
            Stream.of(workload.packageFile(), workload.inputs(), workload.outputs())
                    .forEach(file -> line.add(file.toString()));
            IntStream.of(timing.warmUpMillis(), timing.iterations(), timing.iterationMillis())
                    .forEach(number -> line.add(Integer.toString(number)));
            Process process = new ProcessBuilder(line).redirectError(log.toFile()).start();
            double[] iterations;
            try (var output = process.inputReader()) {
                iterations = parse(output.lines());
            }
            if (process.waitFor() != 0 || iterations.length != timing.iterations()) {
                throw new IOException(
                        "it ended with %d; see %s".formatted(process.exitValue(), log));
            }
            return new Sample(median(DoubleStream.of(iterations)), Double.NaN);
        };
    }

    static double[] parse(Stream<String> lines) {
        return lines.filter(line -> line.matches("ns [0-9.]+"))
                .mapToDouble(line -> Double.parseDouble(line.substring("ns ".length())))
                .toArray();
    }
}
