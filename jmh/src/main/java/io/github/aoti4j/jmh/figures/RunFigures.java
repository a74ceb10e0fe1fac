package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Soak;
import io.github.aoti4j.jmh.Workload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures what a run costs, with us and with the peers, and writes {@code results.json}, {@code
 * results.md} and {@code results.svg}. {@code jmh/run} builds and starts it, from the root of the
 * repository.
 *
 * <p>In each round all contenders take turns on a workload, each in a process of its own, and are
 * compared with what the C++ loader needed in the same round: so a machine that is slower for some
 * minutes changes no ratio.
 */
public final class RunFigures {
    /** A contender on a workload; null for one that runs none. */
    private record Job(Contender contender, Workload workload) {
        String label() {
            return workload == null ? "" : workload.label();
        }

        String describe() {
            return workload == null ? contender.name() : contender.name() + " on " + label();
        }
    }

    private final Arguments arguments;
    private final Contenders contenders;
    private final Machine machine;
    private final List<Job> runs = new ArrayList<>();
    private final List<Job> calls = new ArrayList<>();
    private final List<Job> scaling = new ArrayList<>();
    private final Timing timing;

    /** Each job's samples by round. */
    private final Map<Job, Map<Integer, Sample>> samples = new LinkedHashMap<>();

    private final Map<String, String> missing;
    private final Map<String, Long> soak = new LinkedHashMap<>();

    private RunFigures(Arguments arguments) throws IOException, InterruptedException {
        this.arguments = arguments;
        machine = Machine.here();
        contenders = new Contenders(arguments.out(), arguments.python());
        missing = new LinkedHashMap<>(contenders.missing());
        missing.forEach((name, why) -> System.err.printf("not measured: %s: %s%n", name, why));
        contenders.calls().forEach(call -> calls.add(new Job(call, null)));
        addJobs(arguments.workloads(), contenders.all(), runs);
        addJobs(arguments.scaled(), contenders.scaling(), scaling);
        int jobs = calls.size() + runs.size() + scaling.size();
        timing = Timing.within(arguments.minutes(), jobs * arguments.rounds());
    }

    private static void addJobs(
            List<Workload> workloads, List<Contender> contenders, List<Job> jobs) {
        for (Workload workload : workloads) {
            contenders.forEach(contender -> jobs.add(new Job(contender, workload)));
        }
    }

    /**
     * Measures.
     *
     * @param args see {@code --help}
     * @throws IOException if results cannot be written, or PyTorch's loader cannot be compiled
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> line = List.of(args);
        if (line.contains("--help")) {
            System.out.print(Arguments.USAGE);
            return;
        }
        try {
            Arguments arguments = Arguments.of(line);
            if (arguments.libtorch() != null) {
                System.setProperty("aoti.libtorch", arguments.libtorch().toString());
            }
            new RunFigures(arguments).measure();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Arguments.USAGE);
            System.exit(2);
        }
    }

    private void measure() throws IOException, InterruptedException {
        System.err.println(machine.describe());
        for (int round = 1; round <= arguments.rounds(); round++) {
            for (List<Job> jobs : List.of(calls, runs, scaling)) {
                for (Job job : jobs) {
                    measure(job, round);
                }
            }
            write();
        }
        soak();
        write();
    }

    private void measure(Job job, int round) {
        if (missing.containsKey(job.describe())) {
            return;
        }
        String begin = "[%d/%d] %s: ".formatted(round, arguments.rounds(), job.describe());
        try {
            Sample sample = job.contender().measure(job.workload(), timing);
            samples.computeIfAbsent(job, _ -> new TreeMap<>()).put(round, sample);
            System.err.println(begin + Units.time(sample.nanos()));
        } catch (Exception e) {
            missing.put(job.describe(), String.valueOf(e.getMessage()));
            System.err.println(begin + e);
        }
    }

    /** Whether memory grows, in a JVM whose own does not. */
    private void soak() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(contenders.jvmArguments());
        command.addAll(List.of("-XX:+UseSerialGC", "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Soak.class.getName());
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (var output = process.inputReader()) {
            output.lines()
                    .map(line -> line.split(" "))
                    .forEach(words -> soak.put(words[0], Long.valueOf(words[1])));
        }
        if (process.waitFor() != 0) {
            missing.put("soak", "it ended with " + process.exitValue());
        }
    }

    private void write() throws IOException {
        Results results =
                new Results(
                        machine,
                        arguments.rounds(),
                        timing,
                        figures(runs),
                        figures(calls),
                        figures(scaling),
                        soak,
                        missing);
        Path out = Files.createDirectories(arguments.out());
        Files.writeString(out.resolve("results.json"), results.toJson());
        Files.writeString(out.resolve("results.md"), MarkdownReport.of(results));
        Files.writeString(out.resolve("results.svg"), BarChart.of(results, Contenders.CHART));
        System.err.println("written: results.json, .md and .svg in " + out);
    }

    private List<Figure> figures(List<Job> jobs) {
        return jobs.stream().filter(samples::containsKey).map(job -> figure(job, jobs)).toList();
    }

    private Figure figure(Job job, List<Job> jobs) {
        String reference = job.contender().reference();
        Map<Integer, Sample> others =
                jobs.stream()
                        .filter(other -> other.workload() == job.workload())
                        .filter(other -> other.contender().name().equals(reference))
                        .map(other -> samples.getOrDefault(other, Map.of()))
                        .findFirst()
                        .orElse(Map.of());
        return Figure.of(job.label(), job.contender().name(), samples.get(job), reference, others);
    }
}
