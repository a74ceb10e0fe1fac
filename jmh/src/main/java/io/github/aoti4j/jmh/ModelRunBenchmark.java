package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** {@code Model.run} and {@code Model.call}, with an arena for each run; reads one element. */
public class ModelRunBenchmark extends RunBenchmark {
    @Param public Workload workload;

    @Param public Entry entry;

    private Model model;
    private Arena arena;
    private Tensor[] inputs;
    private Object[] arguments;

    @Setup
    public void setUp() {
        GoldenCall call = GoldenCall.of(workload);
        model = Model.load(workload.packageFile(), entry.options());
        arena = Arena.ofConfined();
        inputs = call.tensors(arena);
        arguments = inputs;
        call.check(model, inputs);
        try (Arena outputs = Arena.ofConfined()) {
            var output = (Tensor) model.call(outputs, arguments);
            call.require(List.of(output.toFloatArray()));
        }
    }

    @TearDown
    public void tearDown() {
        arena.close();
        model.close();
    }

    @Benchmark
    public float run() {
        try (Arena outputs = Arena.ofConfined()) {
            return first(model.run(outputs, inputs).getFirst());
        }
    }

    @Benchmark
    public float call() {
        try (Arena outputs = Arena.ofConfined()) {
            return first((Tensor) model.call(outputs, arguments));
        }
    }

    private static float first(Tensor output) {
        return output.segment().get(ValueLayout.JAVA_FLOAT, 0);
    }
}
