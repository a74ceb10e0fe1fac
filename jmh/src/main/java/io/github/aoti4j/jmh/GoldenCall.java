package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.WeightFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A call of a model, and PyTorch's outputs. Reading it loads no libtorch: a peer has its own.
 *
 * @param outputs float32
 */
public record GoldenCall(List<Array> inputs, List<Array> outputs) {
    /** Kernels for other vector widths, and other engines, add in another order. */
    private static final float TOLERANCE = 1e-4f;

    /** A dense tensor. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
    public record Array(DType dtype, long[] shape, MemorySegment data) {
        /** Returns the elements of a float32 tensor, in row-major order. */
        public float[] values() {
            if (dtype != DType.FLOAT32) {
                throw new IllegalStateException("not float32 but " + dtype);
            }
            return data.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    public static GoldenCall of(Workload workload) {
        return of(workload.inputs(), workload.outputs());
    }

    /** Reads the tensors "0", "1", and so on, of two files. */
    public static GoldenCall of(Path inputs, Path outputs) {
        return new GoldenCall(read(inputs), read(outputs));
    }

    private static List<Array> read(Path file) {
        try (TensorSource source = WeightFiles.open(file)) {
            List<Array> arrays = new ArrayList<>();
            for (var found = source.find("0");
                    found.isPresent();
                    found = source.find(Integer.toString(arrays.size()))) {
                var tensor = found.get();
                long bytes = tensor.segment().byteSize();
                MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, bytes), Long.BYTES);
                arrays.add(
                        new Array(
                                tensor.dtype(),
                                tensor.shape(),
                                copy.asSlice(0, bytes).copyFrom(tensor.segment())));
            }
            return arrays;
        }
    }

    /** Returns the inputs as tensors of aoti4j; the arena owns them. */
    public Tensor[] tensors(Arena arena) {
        return inputs.stream()
                .map(input -> Tensor.wrap(input.data(), input.dtype(), input.shape()).copy(arena))
                .toArray(Tensor[]::new);
    }

    /** Runs a model, and returns the first element of its first output. */
    static float run(Model model, Tensor... tensors) {
        try (Arena arena = Arena.ofConfined()) {
            return model.run(arena, tensors).getFirst().segment().get(ValueLayout.JAVA_FLOAT, 0);
        }
    }

    /** Runs a model, and compares its outputs with PyTorch's. */
    public void check(Model model, Tensor... tensors) {
        try (Arena arena = Arena.ofConfined()) {
            require(model.run(arena, tensors).stream().map(Tensor::toFloatArray).toList());
        }
    }

    /**
     * Compares the elements of outputs with PyTorch's.
     *
     * @throws IllegalStateException if they differ
     */
    public void require(List<float[]> actual) {
        if (actual.size() != outputs.size()) {
            throw new IllegalStateException(
                    "wrong answer: %d outputs, not %d".formatted(actual.size(), outputs.size()));
        }
        for (int i = 0; i < outputs.size(); i++) {
            require(actual.get(i), outputs.get(i).values());
        }
    }

    private static void require(float[] actual, float[] expected) {
        float largest = 0;
        float difference = actual.length == expected.length ? 0 : Float.NaN;
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
        }
        if (!(difference <= TOLERANCE * largest)) {
            throw new IllegalStateException(
                    "wrong answer: %d elements, off by %s where the largest is %s"
                            .formatted(actual.length, difference, largest));
        }
    }
}
