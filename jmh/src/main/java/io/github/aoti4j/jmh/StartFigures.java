package io.github.aoti4j.jmh;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Measures from the start of a process to its first answer, and its resident memory then, with each
 * engine: {@code StartFigures [WORKLOAD ...]}, by default the digits model. In each of {@code
 * -Daoti.bench.rounds=N} rounds (10) all take turns. Prints Markdown: medians, and the median of
 * the rounds' ratios to libtorch.
 */
public final class StartFigures {
    /** The line with which the probe says that it has an answer. */
    static final String ANSWERED = "answered";

    private static final List<String> ENGINES = List.of("libtorch", "built-in");

    private final int rounds = Integer.getInteger("aoti.bench.rounds", 10);
    private final Path scratch;

    private StartFigures(Path scratch) {
        this.scratch = scratch;
    }

    /** A fresh process: milliseconds to its answer, and MB of resident memory. */
    private record Sample(double millis, double megabytes) {}

    public static void main(String[] args) throws Exception {
        List<Workload> workloads =
                args.length == 0
                        ? List.of(Workload.DIGITS)
                        : Arrays.stream(args).map(Workload::valueOf).toList();
        Path scratch = Files.createTempDirectory("start");
        try {
            var figures = new StartFigures(scratch);
            System.out.println(
                    """
                    | | start to first answer | of libtorch | resident memory | of libtorch |
                    |---|---:|---:|---:|---:|\
                    """);
            for (Workload workload : workloads) {
                StartProbe.write(GoldenCall.of(workload), arguments(scratch));
                figures.print(workload, false);
                figures.print(workload, true);
            }
        } finally {
            for (String engine : ENGINES) {
                Files.deleteIfExists(archive(scratch, engine));
            }
            Files.deleteIfExists(arguments(scratch));
            Files.delete(scratch);
        }
    }

    private static Path arguments(Path scratch) {
        return scratch.resolve("arguments");
    }

    private static Path archive(Path scratch, String engine) {
        return scratch.resolve(engine + ".aot");
    }

    private void print(Workload workload, boolean archived) throws Exception {
        List<List<Sample>> samples = new ArrayList<>();
        for (String engine : ENGINES) {
            samples.add(new ArrayList<>());
            // Warms the cache of unpacked libraries and the page cache, too.
            measure(workload, engine, "-XX:AOTCacheOutput=" + archive(scratch, engine));
        }
        for (int round = 0; round < rounds; round++) {
            for (int e = 0; e < ENGINES.size(); e++) {
                String engine = ENGINES.get(e);
                String flag =
                        archived ? "-XX:AOTCache=" + archive(scratch, engine) : "-Xshare:auto";
                samples.get(e).add(measure(workload, engine, flag));
            }
        }
        for (int e = 0; e < ENGINES.size(); e++) {
            List<Sample> own = samples.get(e);
            List<Sample> base = samples.getFirst();
            System.out.printf(
                    Locale.ROOT,
                    "| %s, %s%s | %.0f ms | %.2f | %.0f MB | %.2f |%n",
                    workload.label(),
                    ENGINES.get(e),
                    archived ? ", AOT cache" : "",
                    median(own.stream().mapToDouble(Sample::millis).toArray()),
                    ratio(
                            own.stream().mapToDouble(Sample::millis).toArray(),
                            base.stream().mapToDouble(Sample::millis).toArray()),
                    median(own.stream().mapToDouble(Sample::megabytes).toArray()),
                    ratio(
                            own.stream().mapToDouble(Sample::megabytes).toArray(),
                            base.stream().mapToDouble(Sample::megabytes).toArray()));
        }
    }

    private static double ratio(double[] own, double[] base) {
        double[] ratios = new double[own.length];
        Arrays.setAll(ratios, i -> own[i] / base[i]);
        return median(ratios);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private Sample measure(Workload workload, String engine, String flag)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(
                List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xlog:disable"));
        command.add(flag);
        String libtorch = System.getProperty("aoti.libtorch");
        if (libtorch != null) {
            command.add("-Daoti.libtorch=" + libtorch);
        }
        command.addAll(List.of("-cp", classPath(), StartProbe.class.getName(), engine));
        command.add(workload.packageFile().toString());
        command.add(arguments(scratch).toString());
        command.add(workload.inputs().toString());
        command.add(workload.outputs().toString());
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            double millis = (System.nanoTime() - start) / 1e6;
            if (!ANSWERED.equals(line)) {
                throw new IOException("no answer but " + line + ": " + command);
            }
            double megabytes = Long.parseLong(output.readLine()) * 1024 / 1e6;
            if (process.waitFor() != 0) {
                throw new IOException("failed with " + process.exitValue() + ": " + command);
            }
            return new Sample(millis, megabytes);
        }
    }

    /** What a program with aoti4j has, without JMH and the peers. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.matches(".*/(aoti4j|openblas|pytorch|jackson)-[^/]*"))
                // Libraries before natives, as a build tool has them: each class is looked up in
                // all.
                .sorted()
                .collect(Collectors.joining(File.pathSeparator));
    }
}
