package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code Runner.run}: inputs bound once, outputs read in place, copied, or left alone. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class RunnerBenchmark {
    /** What is run. */
    @Param public Workload workload;

    /** How. */
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

    /** Frees everything. */
    @TearDown
    public void tearDown() {
        runner.close();
        arena.close();
        model.close();
    }

    /** The run alone. */
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

    /**
     * The run, and a copy of its output.
     *
     * @return the number of bytes
     */
    @Benchmark
    public long runAndCopy() {
        runner.run();
        return runner.copyOutput(0, copy);
    }
}
