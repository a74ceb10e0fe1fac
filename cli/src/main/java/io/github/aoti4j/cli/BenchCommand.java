package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.InvalidInputException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code aoti bench}: measures throughput and latencies. */
@Command(
        name = "bench",
        description = {
            "Runs a model repeatedly, and prints throughput, latencies and the Java heap that a run"
                    + " allocates.",
            "Without --rate it is a closed loop: each thread starts a run when its last one ends."
                    + " This shows the maximum throughput, and hides stalls (coordinated omission)."
                    + " With --rate it is an open loop: runs arrive at a fixed rate, and latency"
                    + " includes queueing.",
            "Before anything is timed, outputs are compared with those of --expect, and each"
                    + " thread's with those of Model.run. Ctrl-C ends it early, with a report."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    private static final int MOST_THREADS = 256;
    private static final double LONGEST_SECONDS = 86_400;
    private static final double HIGHEST_RATE = 1e9;

    @Mixin private PackageArguments arguments;

    @Option(
            names = "--inputs",
            paramLabel = "F",
            description =
                    "A safetensors file with the inputs, named \"0\", \"1\", … in call order."
                            + " Default: zeros.")
    private Path inputs;

    @Option(
            names = "--shape",
            paramLabel = "I=SIZES",
            converter = BenchInputs.Shape.Converter.class,
            description =
                    "The sizes of input I, such as 0=8x10, where they may vary and --inputs is not"
                            + " given. May be given several times.")
    private List<BenchInputs.Shape> shapes = List.of();

    @Option(
            names = "--expect",
            paramLabel = "F",
            description =
                    "A safetensors file with the expected outputs. If they differ, nothing is"
                            + " timed and the exit status is 1.")
    private Path expect;

    @Mixin private Tolerances tolerances;

    @Option(
            names = "--api",
            paramLabel = "API",
            description =
                    "What is timed: runner, a Runner with its inputs bound once; model, Model.run"
                            + " with an arena for each run's outputs; or graph, on a device, the"
                            + " runner's work as a CUDA graph. On a device, a runner's time"
                            + " includes the copies of inputs and outputs. Default: runner.")
    private Workload.Api api = Workload.Api.RUNNER;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "How many threads run the model. Default: 1.")
    private int threads = 1;

    @Option(
            names = "--runners",
            paramLabel = "N",
            description =
                    "How many runs may be in flight; the other threads wait. Default: the number of"
                            + " threads.")
    private Integer runners;

    @Option(
            names = "--intra-op-threads",
            paramLabel = "N",
            description =
                    "How many threads one operator may use. Default: OMP_NUM_THREADS, or else"
                            + " one for each core.")
    private Integer intraOpThreads;

    @Option(names = "--seconds", paramLabel = "S", description = "How long to measure. Default: 5.")
    private double seconds = 5;

    @Option(
            names = "--warmup",
            paramLabel = "S",
            description = "How long to run before, for the JVM's compiler. Default: 2.")
    private double warmup = 2;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description =
                    "Open loop: the number of runs per second, all threads together, whether the"
                            + " runs before are done or not. A thread that waits for a run sleeps,"
                            + " and spins for the last 0.1 ms; the report has how late runs began."
                            + " It also says if the rate was not kept: if more than 1 %% of the"
                            + " runs had not begun in time.")
    private Double rate;

    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        requireUsable();
        PrintWriter err = spec.commandLine().getErr();
        int inFlight = Objects.requireNonNullElse(runners, threads);
        // The signal is closed last: until then, Ctrl-C does not end the process.
        try (StopSignal stop = new StopSignal();
                Model model =
                        arguments.load(
                                err, inFlight, Objects.requireNonNullElse(intraOpThreads, 0));
                Arena arena = Arena.ofShared()) {
            BenchInputs given = inputs(model, arena);
            Reference reference = Reference.of(model, given, arena);
            if (expect != null) {
                List<Tensor> expected = TensorFiles.readOutputs(expect, model, arena);
                OutputsComparison comparison =
                        OutputsComparison.of(reference.outputs(), expected, tolerances);
                if (!comparison.matches()) {
                    return differ(comparison, "the outputs are not the expected ones");
                }
            }
            try (LoadGenerator load =
                    new LoadGenerator(
                            threads, api, model, given, stop, new TerminalProgress(err))) {
                Optional<OutputsComparison> mismatch = load.open(reference);
                if (mismatch.isPresent()) {
                    return differ(mismatch.get(), "a thread's outputs are not Model.run's");
                }
                stop.arm();
                report(setup(model, inFlight, given), reference, load, stop);
            }
        }
        return Main.OK;
    }

    private void requireUsable() {
        require(threads >= 1 && threads <= MOST_THREADS, "--threads must be 1 to " + MOST_THREADS);
        require(
                runners == null || (runners >= 1 && runners <= MOST_THREADS),
                "--runners must be 1 to " + MOST_THREADS);
        require(
                intraOpThreads == null || (intraOpThreads >= 1 && intraOpThreads <= MOST_THREADS),
                "--intra-op-threads must be 1 to " + MOST_THREADS);
        require(
                seconds > 0 && seconds <= LONGEST_SECONDS,
                "--seconds must be more than 0 and at most a day");
        require(
                warmup >= 0 && warmup <= LONGEST_SECONDS,
                "--warmup must be at least 0 and at most a day");
        require(
                rate == null || (rate > 0 && rate <= HIGHEST_RATE),
                "--rate must be more than 0 and at most 1e9, one a nanosecond");
        require(inputs == null || shapes.isEmpty(), "--shape and --inputs exclude one another");
    }

    private void require(boolean met, String requirement) {
        if (!met) {
            throw new ParameterException(spec.commandLine(), requirement);
        }
    }

    private BenchInputs inputs(Model model, Arena arena) {
        if (inputs != null) {
            return BenchInputs.read(inputs, model, arena);
        }
        try {
            return BenchInputs.zeros(model, shapes, arena);
        } catch (InvalidInputException | IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void report(
            BenchSetup setup, Reference reference, LoadGenerator load, StopSignal stop) {
        warmUp(load);
        TimerCost timer = TimerCost.measure();
        BenchResult result = measure(load, stop);
        BenchReport report = new BenchReport(setup, reference, result, timer);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(report.json());
        } else {
            report.print(out);
        }
        out.flush();
    }

    private BenchResult measure(LoadGenerator load, StopSignal stop) {
        String name = "measuring";
        if (rate == null) {
            return BenchResult.of(load.closedLoop(name, nanos(seconds)), 0, stop.isStopped());
        }
        Schedule schedule = new Schedule(rate, nanos(seconds));
        List<Worker.Result> results = load.openLoop(name, nanos(seconds), schedule);
        return BenchResult.of(results, schedule.planned(), stop.isStopped());
    }

    /** Begins with a closed loop, at any rate: the JVM compiles all after thousands of runs. */
    private void warmUp(LoadGenerator load) {
        long nanos = nanos(warmup);
        if (nanos == 0) {
            return;
        }
        String name = "warming up";
        List<Worker.Result> _ = load.closedLoop(name, rate == null ? nanos : nanos / 2);
        if (rate != null) {
            Schedule schedule = new Schedule(rate, nanos / 2);
            List<Worker.Result> _ = load.openLoop(name + " at the rate", nanos / 2, schedule);
        }
    }

    private BenchSetup setup(Model model, int inFlight, BenchInputs given) {
        return new BenchSetup(
                arguments.file(),
                model.name(),
                api,
                threads,
                inFlight,
                intraOpThreads == null ? environmentThreads() : intraOpThreads,
                warmup,
                seconds,
                rate,
                inputs,
                given.tensors(),
                expect != null,
                EngineOptions.describe(model));
    }

    /** Returns what OpenMP reads too; null for a list (for nested regions), or nothing. */
    private static Integer environmentThreads() {
        String value = System.getenv("OMP_NUM_THREADS");
        return value == null || !value.matches("[1-9]\\d{0,5}") ? null : Integer.valueOf(value);
    }

    private int differ(OutputsComparison comparison, String verdict) {
        PrintWriter err = spec.commandLine().getErr();
        comparison.lines().forEach(err::println);
        err.println("aoti: " + verdict + "; nothing was timed");
        return Main.NEGATIVE;
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * 1e9);
    }
}
