package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A call with one input and one float32 output, and PyTorch's answer to it. */
final class KnownCall {
    private final Tensor input;
    private final float[] expected;

    private KnownCall(Tensor input, float[] expected) {
        this.input = input;
        this.expected = expected;
    }

    /** Reads the call's two files. */
    static KnownCall of(Arena arena, Path inputs, Path outputs) {
        Tensor output = read(arena, outputs);
        if (output.dtype() != DType.FLOAT32) {
            throw new IllegalArgumentException(outputs + " holds no float32 tensor");
        }
        return new KnownCall(read(arena, inputs), output.toFloatArray());
    }

    private static Tensor read(Arena arena, Path file) {
        try (TensorSource source = TensorSource.open(file)) {
            StoredTensor tensor = source.find("0").orElseThrow();
            return Tensor.wrap(tensor.segment(), tensor.dtype(), tensor.shape()).copy(arena);
        }
    }

    /** Runs the model and returns the first element of its answer. */
    float run(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            return model.run(arena, input).getFirst().segment().get(ValueLayout.JAVA_FLOAT, 0);
        }
    }

    /**
     * Runs the model.
     *
     * @throws IllegalStateException if the answer is not PyTorch's
     */
    void check(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Answer.require(model.run(arena, input).getFirst().toFloatArray(), expected);
        }
    }
}
