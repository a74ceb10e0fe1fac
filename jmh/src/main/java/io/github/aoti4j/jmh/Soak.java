package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/**
 * Measures whether native memory grows with the number of runs: {@code Soak [RUNS]}, by default ten
 * million of {@code Runner.run} and of {@code Model.run} each. Prints lines of a name and private
 * memory ({@code RssAnon}) in KiB: after a tenth of the runs, when the JVM's compiler is done and
 * all pools are filled, and after all runs. Run it with a small Java heap of fixed size.
 */
public final class Soak {
    private static final long RUNS = 10_000_000;

    private Soak() {}

    public static void main(String[] args) throws IOException {
        long runs = args.length == 0 ? RUNS : Long.parseLong(args[0]);
        GoldenCall call = GoldenCall.of(Workload.ADD_ONE);
        try (Model model = Model.load(Workload.ADD_ONE.packageFile());
                Arena arena = Arena.ofConfined()) {
            Tensor[] inputs = call.tensors(arena);
            try (Runner runner = model.newRunner(inputs)) {
                report("runner", runs, () -> runAndLook(runner));
                call.require(List.of(runner.output(0).toFloatArray()));
            }
            report("model", runs, () -> runAlone(model, inputs));
            call.check(model, inputs);
        }
    }

    private static void runAndLook(Runner runner) {
        runner.run();
        if (runner.output(0).rank() != 2) {
            throw new IllegalStateException("wrong answer");
        }
    }

    private static void runAlone(Model model, Tensor... inputs) {
        try (Arena outputs = Arena.ofConfined()) {
            if (model.run(outputs, inputs).size() != 1) {
                throw new IllegalStateException("wrong answer");
            }
        }
    }

    private static void report(String name, long runs, Runnable run) throws IOException {
        repeat(run, runs / 10);
        report(name + "_kib_before");
        repeat(run, runs - runs / 10);
        report(name + "_kib_after");
    }

    private static void report(String name) throws IOException {
        System.out.println(name + " " + Machine.number(Path.of("/proc/self/status"), "RssAnon"));
    }

    private static void repeat(Runnable run, long times) {
        for (long i = 0; i < times; i++) {
            run.run();
        }
    }
}
