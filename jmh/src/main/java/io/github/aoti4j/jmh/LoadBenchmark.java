package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;

/**
 * {@code Model.load} of a model with gigabytes of weights, in a JVM that has loaded it before, with
 * its files in the page cache. {@link LoadFigures} measures fresh JVMs, and memory.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class LoadBenchmark {
    /** The fixture whose package is loaded. */
    @Param("big16")
    public String model;

    @Param({"BLOB", "DATA_WEIGHTS", "SAFETENSORS"})
    public Packaging packaging;

    private LargeModelFiles files;
    private Arena arena;
    private Tensor[] inputs;
    private Model loaded;

    @Setup
    public void setUp() throws IOException {
        LargeModel large = LargeModel.named(model);
        files = LargeModelFiles.of(large, packaging);
        arena = Arena.ofConfined();
        GoldenCall call = GoldenCall.of(large.inputs(), large.outputs());
        inputs = call.tensors(arena);
        call.check(load(), inputs);
        closeModel();
    }

    /** An iteration is one shot. */
    @TearDown(Level.Iteration)
    public void closeModel() {
        loaded.close();
    }

    @TearDown
    public void tearDown() throws IOException {
        arena.close();
        files.close();
    }

    /** From the path to a model that can run. */
    @Benchmark
    public Model load() {
        loaded = Model.load(files.packageFile(), files.options());
        return loaded;
    }

    /** The same and the first run, which reads all weights. */
    @Benchmark
    public float loadAndRun() {
        return GoldenCall.run(load(), inputs);
    }
}
