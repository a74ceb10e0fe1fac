package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.TensorSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A workload's inputs and PyTorch's answer, as arrays: reading them needs no libtorch, of which a
 * peer has one of its own.
 */
public final class GoldenCall {
    /**
     * A dense float32 tensor.
     *
     * @param values in row-major order
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
    public record Array(float[] values, long[] shape) {}

    private final List<Array> inputs;
    private final List<Array> outputs;

    private GoldenCall(List<Array> inputs, List<Array> outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /**
     * Reads a workload's two files.
     *
     * @param workload one whose tensors are all float32
     */
    public static GoldenCall of(Workload workload) {
        return new GoldenCall(read(workload.inputs()), read(workload.outputs()));
    }

    private static List<Array> read(Path file) {
        try (TensorSource source = TensorSource.open(file)) {
            List<Array> arrays = new ArrayList<>();
            for (var found = source.find("0");
                    found.isPresent();
                    found = source.find(Integer.toString(arrays.size()))) {
                var tensor = found.get();
                if (tensor.dtype() != DType.FLOAT32) {
                    throw new IllegalArgumentException(file + " does not hold float32 alone");
                }
                float[] values = tensor.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
                arrays.add(new Array(values, tensor.shape()));
            }
            return List.copyOf(arrays);
        }
    }

    /**
     * Returns the inputs.
     *
     * @return in call order
     */
    public List<Array> inputs() {
        return inputs;
    }

    /**
     * Returns the inputs as our tensors.
     *
     * @param arena they live as long as it does
     * @return in call order
     */
    public Tensor[] tensors(Arena arena) {
        return inputs.stream()
                .map(input -> Tensor.of(arena, input.values(), input.shape()))
                .toArray(Tensor[]::new);
    }

    /**
     * Runs a model and compares.
     *
     * @throws IllegalStateException if the answer is not PyTorch's
     */
    public void check(Model model, Tensor... tensors) {
        try (Arena arena = Arena.ofConfined()) {
            require(model.run(arena, tensors).stream().map(Tensor::toFloatArray).toList());
        }
    }

    /**
     * Compares.
     *
     * @param actual the outputs' elements, in row-major order
     * @throws IllegalStateException if they are not PyTorch's
     */
    public void require(List<float[]> actual) {
        if (actual.size() != outputs.size()) {
            throw new IllegalStateException(
                    "wrong answer: %d outputs, not %d".formatted(actual.size(), outputs.size()));
        }
        for (int i = 0; i < outputs.size(); i++) {
            Answer.require(actual.get(i), outputs.get(i).values());
        }
    }
}
