package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Machine;
import io.github.aoti4j.jmh.figures.Contender.Timing;
import io.github.aoti4j.jmh.figures.ModelReport.Row;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Measures large networks with aoti4j, ONNX Runtime and PyTorch's Python. In each round all of them
 * take turns, and are compared with what ONNX Runtime needed in the same round.
 */
@Command(
        name = "jmh/run models",
        mixinStandardHelpOptions = true,
        description = "Measures the networks that export_models.py has exported.")
public final class ModelFigures implements Callable<Integer> {
    private static final double START_SECONDS = 2.5;
    private static final int ITERATIONS = 3;

    @Option(
            names = "--packages",
            required = true,
            paramLabel = "DIR",
            description = "The folder that jmh/src/main/python/export_models.py has filled.")
    private Path packages;

    @Option(
            names = "--libtorch",
            paramLabel = "DIR",
            description = "The lib folder of a pip-installed torch, whose Python is measured too.")
    private Path libtorch;

    @Option(names = "--networks", split = ",", description = "Default: all in the folder.")
    private List<String> networks = List.of();

    @Option(names = "--threads", split = ",", description = "Numbers of threads (1,2).")
    private List<Integer> threads = List.of(1, 2);

    @Option(names = "--minutes", description = "About how long to take (10).")
    private double minutes = 10;

    @Option(names = "--rounds", description = "Processes of each contender (2).")
    private int rounds = 2;

    @Option(names = "--out", description = "Where models.json and .md go (jmh/target/figures).")
    private Path out = Path.of("jmh/target/figures");

    @Option(names = "--python", description = "Another Python with torch.")
    private Path python;

    @Option(
            names = "--launcher",
            split = " ",
            paramLabel = "COMMAND",
            description = "Begins the command of each process, for example 'chrt -r 20'.")
    private List<String> launcher = List.of();

    @Option(names = "--pause", description = "Seconds between two processes (0).")
    private double pause;

    /** Runs the command; {@code --help} explains it. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new ModelFigures());
    }

    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || !(minutes > 0) || threads.stream().anyMatch(n -> n < 1)) {
            System.err.println("--rounds, --minutes and --threads must be positive");
            return CommandLine.ExitCode.USAGE;
        }
        List<String> all = networks.isEmpty() ? exported() : networks;
        if (all.isEmpty()) {
            System.err.println("no networks in " + packages + "; export_models.py makes them");
            return CommandLine.ExitCode.USAGE;
        }
        if (libtorch != null) {
            System.setProperty("aoti.libtorch", libtorch.toString());
        }
        Machine machine = Machine.here();
        List<Row> rows = new ArrayList<>();
        for (String network : all) {
            threads.forEach(n -> rows.add(new Row(network, n, new LinkedHashMap<>())));
        }
        Path logs = Files.createDirectories(out.resolve("logs"));
        int processes = rows.size() * ModelContenders.NAMES.size() * rounds;
        Timing timing = timing(minutes, processes, pause);
        var contenders =
                new ModelContenders(
                        packages,
                        libtorch,
                        python == null ? Contenders.pythonOf(property()) : python,
                        launcher);
        Map<String, String> missing = new LinkedHashMap<>();
        // Written after each round: a measurement that is interrupted is not lost.
        for (int round = 1; round <= rounds; round++) {
            for (Row row : rows) {
                for (String name : ModelContenders.NAMES) {
                    measure(contenders, name, row, timing, logs, missing);
                }
            }
            new ModelReport(machine, round, rows, missing).write(out);
        }
        return CommandLine.ExitCode.OK;
    }

    private static String property() {
        return System.getProperty("aoti.libtorch");
    }

    private void measure(
            ModelContenders contenders,
            String name,
            Row row,
            Timing timing,
            Path logs,
            Map<String, String> missing)
            throws InterruptedException {
        String job = "%s, %s, %d threads".formatted(name, row.network(), row.threads());
        if (missing.containsKey(job)) {
            return;
        }
        Path log = logs.resolve(job.toLowerCase(Locale.ROOT).replaceAll("\\W+", "_"));
        try {
            double nanos = contenders.measure(name, row.network(), row.threads(), timing, log);
            row.add(name, nanos);
            System.err.println(job + ": " + Report.time(nanos));
        } catch (IOException e) {
            missing.put(job, String.valueOf(e.getMessage()));
            row.add(name, Double.NaN);
            System.err.println(job + ": " + e.getMessage());
        }
        Thread.sleep((long) (pause * 1000));
    }

    /** Divides the time among all processes, each of which takes some to start. */
    static Timing timing(double minutes, int processes, double pause) {
        double seconds = Math.max(0.8, minutes * 60 / processes - START_SECONDS - pause);
        int warmUp = (int) (seconds * 300);
        return new Timing(warmUp, ITERATIONS, (int) (seconds * 1000 - warmUp) / ITERATIONS);
    }

    private List<String> exported() throws IOException {
        try (var folders = Files.list(packages)) {
            return folders.filter(folder -> Files.exists(folder.resolve("model.onnx")))
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }
}
