package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Machine;
import io.github.aoti4j.jmh.Probe;
import io.github.aoti4j.jmh.Soak;
import io.github.aoti4j.jmh.Workload;
import io.github.aoti4j.jmh.figures.Contender.Sample;
import io.github.aoti4j.jmh.figures.Contender.Timing;
import io.github.aoti4j.jmh.figures.Report.Figure;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * Measures what a run costs, with aoti4j and with its peers. In each round all contenders take
 * turns on a workload, and are compared with what the C++ loader needed in the same round: a
 * machine that is slower for some minutes changes no ratio.
 */
@Command(
        name = "jmh/run",
        mixinStandardHelpOptions = true,
        description = "Measures what a run costs, with aoti4j and with its peers.")
public final class RunFigures implements Callable<Integer> {
    private static final List<Workload> FEW = List.of(Workload.ADD_ONE, Workload.MLP_8);

    /** Which workloads are measured. */
    enum Scope {
        SHORT,
        ALL
    }

    @Parameters(defaultValue = "all", description = "short: x + 1, and the MLP on 8 rows; or all.")
    Scope scope;

    @Option(
            names = "--libtorch",
            paramLabel = "DIR",
            description =
                    "The lib folder of a pip-installed torch: PyTorch's own loader is compiled with"
                            + " its headers, and its Python is measured too.")
    private Path libtorch;

    @Option(names = "--minutes", description = "About how long to take (short 25, all 90).")
    private double minutes;

    @Option(names = "--rounds", description = "Forks of each contender (5).")
    private int rounds = 5;

    @Option(
            names = "--out",
            description = "Where results.json, .md and .svg go (jmh/target/figures).")
    private Path out = Path.of("jmh/target/figures");

    @Option(names = "--python", description = "Another Python with torch.")
    private Path python;

    /** A contender on a workload, which is null for a call, and its samples of each round. */
    private record Job(Contender contender, Workload workload, List<Sample> samples) {
        String on() {
            return workload == null ? "" : workload.label();
        }
    }

    private final Map<String, String> missing = new LinkedHashMap<>();

    /** Runs the command; {@code --help} explains it. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new RunFigures()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || !(minutes >= 0)) {
            System.err.println("--rounds and --minutes must be positive");
            return CommandLine.ExitCode.USAGE;
        }
        if (libtorch != null) {
            Path lib = libtorch.resolve("lib");
            boolean inside = Files.exists(lib.resolve("libtorch_cpu.so"));
            System.setProperty("aoti.libtorch", (inside ? lib : libtorch).toString());
        }
        Machine machine = Machine.here();
        System.err.println(machine);
        Path logs = Files.createDirectories(out.resolve("logs"));
        Contenders contenders = new Contenders(out, python);
        missing.putAll(contenders.missing);
        missing.forEach((name, why) -> System.err.printf("not measured: %s: %s%n", name, why));

        boolean few = scope == Scope.SHORT;
        List<Job> calls = new ArrayList<>();
        contenders.calls.forEach(call -> calls.add(new Job(call, null, new ArrayList<>())));
        List<Job> runs = jobs(contenders.runs, few ? FEW : List.of(Workload.values()));
        List<Job> scaling = jobs(contenders.scaling, FEW);
        List<Job> all = new ArrayList<>(calls);
        all.addAll(runs);
        all.addAll(scaling);
        double total = minutes > 0 ? minutes : few ? 25 : 90;
        Timing timing = Timing.within(total, all.size() * rounds);
        Map<String, Long> soak = new TreeMap<>();
        for (int round = 1; round <= rounds; round++) {
            for (Job job : all) {
                measure(job, timing, round, logs);
            }
            if (round == rounds) {
                soak(contenders.jvm, soak);
            }
            // After each round: a measurement that is interrupted is not lost.
            new Report(
                            machine,
                            rounds,
                            timing,
                            figures(runs),
                            figures(calls),
                            figures(scaling),
                            soak,
                            missing)
                    .write(out, contenders.chart);
        }
        return CommandLine.ExitCode.OK;
    }

    private static List<Job> jobs(List<Contender> contenders, List<Workload> workloads) {
        return workloads.stream()
                .flatMap(w -> contenders.stream().map(c -> new Job(c, w, new ArrayList<>())))
                .toList();
    }

    private static List<Figure> figures(List<Job> jobs) {
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        jobs.forEach(job -> samples.put(job.contender().name() + job.on(), job.samples()));
        List<Figure> figures = new ArrayList<>();
        for (Job job : jobs) {
            var reference = samples.getOrDefault(job.contender().reference() + job.on(), List.of());
            if (!job.samples().isEmpty()) {
                figures.add(Figure.of(job.on(), job.contender(), job.samples(), reference));
            }
        }
        return figures;
    }

    private void measure(Job job, Timing timing, int round, Path logs) throws InterruptedException {
        String name = (job.contender().name() + " " + job.on()).strip();
        if (missing.containsKey(name)) {
            return;
        }
        String file = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.+]+", "_") + ".log";
        String begin = "[%d/%d] %s: ".formatted(round, rounds, name);
        try {
            Contender contender = job.contender();
            Sample sample =
                    contender.measurement().measure(job.workload(), timing, logs.resolve(file));
            job.samples().add(sample);
            System.err.println(begin + Report.time(sample.nanos()));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            missing.put(name, String.valueOf(e.getMessage()));
            System.err.println(begin + e);
        }
    }

    /** Measures private memory over millions of runs, with a Java heap that does not grow. */
    private void soak(List<String> jvm, Map<String, Long> soak) throws InterruptedException {
        List<String> command = new ArrayList<>(jvm);
        command.addFirst(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(List.of("-XX:+UseSerialGC", "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Soak.class.getName());
        try {
            soak.putAll(Probe.run(command));
            soak.remove("anon_kib_peak");
        } catch (IOException e) {
            missing.put("soak", String.valueOf(e.getMessage()));
        }
    }
}
