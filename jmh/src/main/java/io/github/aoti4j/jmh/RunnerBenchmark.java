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

/** {@code Runner.run} alone, with a view of its output, and with a copy of it. */
public class RunnerBenchmark extends RunBenchmark {
    @Param public Workload workload;

    @Param public Entry entry;

    private Model model;
    private Arena arena;
    private Runner runner;
    private MemorySegment copy;

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
        // A runner tracks its outputs from the first access on: measure one without.
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

    @Benchmark
    public Tensor runAndView() {
        runner.run();
        return runner.output(0);
    }

    @Benchmark
    public long runAndCopy() {
        runner.run();
        return runner.copyOutput(0, copy);
    }
}
