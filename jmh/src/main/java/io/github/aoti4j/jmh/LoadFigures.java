package io.github.aoti4j.jmh;

import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Measures time and memory of loading, beside PyTorch's own loader: {@code LoadFigures [MODEL ...]}
 * writes each model in each packaging, measures, and prints Markdown. Figures are medians of {@code
 * -Daoti.bench.rounds=N} rounds, in which the two loaders take turns in fresh processes.
 */
public final class LoadFigures {
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";
    private static final double MILLION = 1e6;

    private final int rounds = Integer.getInteger("aoti.bench.rounds", 5);
    private final List<String> java = new ArrayList<>();
    private final Path cache;
    private final Path aotCache;
    private final Path peer;

    private LoadFigures(Path scratch, Path peer) {
        this.peer = peer;
        cache = scratch.resolve("cache");
        aotCache = scratch.resolve("load.aot");
        java.add(ProcessHandle.current().info().command().orElse("java"));
        java.add(ACCESS);
        java.add("-Daoti.cache=" + cache);
        String libtorch = System.getProperty("aoti.libtorch");
        if (libtorch != null) {
            java.add("-Daoti.libtorch=" + libtorch);
        }
    }

    public static void main(String[] args) throws Exception {
        Files.createDirectories(LargeModelFiles.folder());
        Path scratch = Files.createTempDirectory(LargeModelFiles.folder(), "figures");
        try {
            var missing = PyTorchPeer.missing();
            missing.ifPresent(why -> System.err.println("not compared with PyTorch: " + why));
            Path peer = missing.isEmpty() ? PyTorchPeer.compile("load_probe", scratch) : null;
            var figures = new LoadFigures(scratch, peer);
            System.out.printf("%s Medians of %d.%n", Machine.here(), figures.rounds);
            for (String model : args.length == 0 ? new String[] {"big16"} : args) {
                figures.print(LargeModel.named(model));
            }
        } finally {
            remove(scratch);
        }
    }

    private void print(LargeModel model) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (Packaging packaging : Packaging.values()) {
            System.err.println("measuring " + model.name() + ", " + packaging);
            try (var files = LargeModelFiles.of(model, packaging)) {
                rows.add(measure(model, packaging, files));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%n%s: %d weights, %.2f GiB in all. Milliseconds, and how many times as long the"
                        + " C++ loader takes to load and run:%n%n",
                model.name(),
                model.weights().size(),
                model.allBytes() * 0x1p-30);
        System.out.println(
                """
                | weights in | load | and first run | fresh JVM: load | and first run | with AOT cache: load | and first run | C++ loader: load | and first run |
                |---|---:|---:|---:|---:|---:|---:|---:|---:|\
                """);
        rows.forEach(row -> System.out.println(times(row)));
        System.out.println(
                """

                Private memory beyond libtorch's, in parts of the weights, and bytes written:

                | weights in | after the first run | at its peak | second model adds | written | C++ loader: after the first run | at its peak | second model adds | written |
                |---|---:|---:|---:|---:|---:|---:|---:|---:|\
                """);
        rows.forEach(row -> System.out.println(memory(row, model.allBytes())));
    }

    /** The figures of one packaging; the lists have an element for each round. */
    private record Row(
            Packaging packaging,
            double warmLoad,
            double warmLoadAndRun,
            Map<String, Long> unpacking,
            List<Map<String, Long>> fresh,
            List<Map<String, Long>> cached,
            List<Map<String, Long>> peer) {}

    private Row measure(LargeModel model, Packaging packaging, LargeModelFiles files)
            throws Exception {
        List<String> arguments = new ArrayList<>();
        arguments.add(files.packageFile().toString());
        arguments.add(model.inputs().toString());
        arguments.add(model.outputs().toString());
        files.weightsFile().ifPresent(file -> arguments.add(file.toString()));
        remove(cache);
        Map<String, Long> unpacking = Probe.run(ours(arguments));
        Probe.run(ours(arguments, "-XX:AOTCacheOutput=" + aotCache, "-Xlog:disable"));
        List<Map<String, Long>> fresh = new ArrayList<>();
        List<Map<String, Long>> cached = new ArrayList<>();
        List<Map<String, Long>> theirs = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            files.warm();
            fresh.add(Probe.run(ours(arguments)));
            cached.add(Probe.run(ours(arguments, "-XX:AOTCache=" + aotCache)));
            if (peer != null) {
                List<String> command = new ArrayList<>(List.of(peer.toString()));
                command.addAll(arguments);
                files.warm();
                theirs.add(Probe.run(command));
            }
        }
        return new Row(
                packaging,
                warm("load", model, packaging),
                warm("loadAndRun", model, packaging),
                unpacking,
                fresh,
                cached,
                theirs);
    }

    private List<String> ours(List<String> arguments, String... flags) {
        List<String> command = new ArrayList<>(java);
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(LoadProbe.class.getName());
        command.addAll(arguments);
        return command;
    }

    /** Returns the milliseconds of a benchmark in a JVM that has loaded the model before. */
    private double warm(String benchmark, LargeModel model, Packaging packaging)
            throws RunnerException {
        var options =
                new OptionsBuilder()
                        .include(LoadBenchmark.class.getName() + "\\." + benchmark + "$")
                        .param("model", model.name())
                        .param("packaging", packaging.name())
                        .jvmArgs(java.subList(1, java.size()).toArray(String[]::new))
                        .jvmArgsAppend(
                                "-Daoti.bench.dir=" + LargeModelFiles.folder(),
                                "--sun-misc-unsafe-memory-access=allow") // JMH's, or it warns
                        .verbosity(VerboseMode.SILENT)
                        .build();
        RunResult result = new Runner(options).runSingle();
        return result.getPrimaryResult().getStatistics().getPercentile(50);
    }

    private static String times(Row row) {
        return line(
                row.packaging.toString(),
                cell("%.1f", row.warmLoad),
                compared(row.warmLoadAndRun, row),
                cell("%.0f", median(row.fresh, LoadFigures::load)),
                compared(median(row.fresh, LoadFigures::loadAndRun), row),
                cell("%.0f", median(row.cached, LoadFigures::load)),
                compared(median(row.cached, LoadFigures::loadAndRun), row),
                cell("%.0f", median(row.peer, LoadFigures::load)),
                cell("%.0f", median(row.peer, LoadFigures::loadAndRun)));
    }

    private static String memory(Row row, long weights) {
        List<String> cells = new ArrayList<>(List.of(row.packaging.toString()));
        cells.addAll(memory(row.fresh, weights));
        // Later loads write nothing: this one had an empty cache.
        cells.add(cell("%.2f MB", row.unpacking.get("written_bytes") / MILLION));
        cells.addAll(memory(row.peer, weights));
        cells.add(cell("%.0f MB", median(row.peer, f -> f.get("written_bytes") / MILLION)));
        return line(cells.toArray(String[]::new));
    }

    private static List<String> memory(List<Map<String, Long>> runs, long weights) {
        return List.of(
                cell("%.1f %%", 100 * median(runs, f -> growth(f, "run")) / weights),
                cell("%.1f %%", 100 * median(runs, f -> growth(f, "peak")) / weights),
                cell("%.2f %%", 100 * median(runs, f -> kib(f, "second")) / weights));
    }

    /** Writes a time and how many times as long the C++ loader takes to load and run. */
    private static String compared(double time, Row row) {
        double ratio = median(row.peer, LoadFigures::loadAndRun) / time;
        return cell("%.0f", time) + cell(" (%.1f x)", ratio);
    }

    private static String cell(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    private static String line(String... cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    private static double load(Map<String, Long> figures) {
        return figures.get("load_ns") / MILLION;
    }

    private static double loadAndRun(Map<String, Long> figures) {
        return load(figures) + figures.get("run_ns") / MILLION;
    }

    /** Returns by how many bytes private memory grew since libtorch was there. */
    private static double growth(Map<String, Long> figures, String until) {
        return kib(figures, until) - kib(figures, "libtorch");
    }

    private static double kib(Map<String, Long> figures, String when) {
        return 1024.0 * figures.get("anon_kib_" + when);
    }

    private static double median(
            List<Map<String, Long>> runs, ToDoubleFunction<Map<String, Long>> figure) {
        double[] sorted = runs.stream().mapToDouble(figure).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
