package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** {@code Runner.run}: inputs bound once, outputs read in place, copied, or left alone. */
public class RunnerBenchmark extends RunBenchmark {
    @Param public Workload workload;

    @Param public Entry entry;

    private Model model;
    private Arena arena;
    private Runner runner;
    private MemorySegment copy;

    /** Loads, binds, and checks the answer. */
    @Setup
    public void setUp() {
        GoldenCall call = GoldenCall.of(workload);
        model = Model.load(workload.packageFile(), entry.options());
        arena = Arena.ofConfined();
        runner = model.newRunner(call.tensors(arena));
        runner.run();
        float[] answer = runner.output(0).toFloatArray();
        call.require(List.of(answer));
        copy = arena.allocate(ValueLayout.JAVA_FLOAT, answer.length);
        runner.copyOutput(0, copy);
        call.require(List.of(copy.toArray(ValueLayout.JAVA_FLOAT)));
        // A runner whose outputs are never asked for need not follow them.
        runner.close();
        runner = model.newRunner(call.tensors(arena));
    }

    @TearDown
    public void tearDown() {
        runner.close();
        arena.close();
        model.close();
    }

    @Benchmark
    public void run() {
        runner.run();
    }

    /** The run, and the view of its output. */
    @Benchmark
    public Tensor runAndView() {
        runner.run();
        return runner.output(0);
    }

    /** The run, and a copy of its output. */
    @Benchmark
    public long runAndCopy() {
        runner.run();
        return runner.copyOutput(0, copy);
    }
}
