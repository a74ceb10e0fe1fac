package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** {@code Model.run} on the least there is, {@code x + 1} on 8x10 floats: what a call costs. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class ModelRunBenchmark {
    private Model model;
    private Arena arena;
    private Tensor input;

    /** Loads the model and checks its answer. */
    @Setup
    public void setUp() {
        model = Model.load(Path.of("runtime/src/test/fixtures/add_one/add_one.pt2"));
        arena = Arena.ofConfined();
        input = Tensor.zeros(arena, DType.FLOAT32, 8, 10);
        input.segment().setAtIndex(ValueLayout.JAVA_FLOAT, 79, 41);
        if (modelRun() != 42) {
            throw new IllegalStateException("wrong answer");
        }
    }

    /** Frees everything. */
    @TearDown
    public void tearDown() {
        arena.close();
        model.close();
    }

    /**
     * One run: outputs in an arena of their own, one element read.
     *
     * @return the last element
     */
    @Benchmark
    public float modelRun() {
        try (Arena outputs = Arena.ofConfined()) {
            return model.run(outputs, input)
                    .getFirst()
                    .segment()
                    .getAtIndex(ValueLayout.JAVA_FLOAT, 79);
        }
    }
}
