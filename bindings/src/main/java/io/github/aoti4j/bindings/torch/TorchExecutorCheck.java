package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * Whether {@link TorchExecutor} can be used: tried once with operators whose results are known,
 * since it depends on C++ names and on the folder for temporary files.
 */
public final class TorchExecutorCheck {
    /** {@code x * 2.5}, and {@code x + 3 * x} with the 3 passed by the caller. */
    private static final String CALLS =
            """
            {"nodes": [
              {"node": {"target": "aten::mul.Scalar", "inputs": [
                {"name": "self", "arg": {"as_tensor": {"name": "x"}}},
                {"name": "other", "arg": {"as_float": 2.5}}],
                "outputs": [{"as_tensor": {"name": "y"}}]}},
              {"node": {"target": "aten::add.Tensor", "inputs": [
                {"name": "self", "arg": {"as_tensor": {"name": "x"}}},
                {"name": "other", "arg": {"as_tensor": {"name": "x"}}},
                {"name": "alpha", "arg": {"as_int": 3}}],
                "outputs": [{"as_tensor": {"name": "y"}}]}}
            ]}
            """;

    private static final float[] ELEMENTS = {1, -2, 0.5f};

    private TorchExecutorCheck() {}

    private static final class Result {
        static final Optional<String> OBSTACLE = tried();

        private Result() {}
    }

    /** Returns what stands in the way, if something does. libtorch must have been loaded. */
    public static Optional<String> obstacle() {
        return Result.OBSTACLE;
    }

    private static Optional<String> tried() {
        for (String symbol : TorchExecutor.REQUIRED) {
            if (!StableValues.has(symbol)) {
                return Optional.of(
                        "PyTorch's own executor of such calls cannot be used, because this libtorch"
                                + " does not export "
                                + symbol);
            }
        }
        try (TorchExecutor executor = new TorchExecutor(CALLS)) {
            if (isRight(executor, 0, 2.5f) && isRight(executor, 1, 4, 3)) {
                return Optional.empty();
            }
            return Optional.of(
                    "PyTorch's own executor of such calls is not used, because it did not compute"
                            + " what it should in a test");
        } catch (AotiException e) {
            return Optional.of(
                    "cannot use PyTorch's own executor of such calls: " + e.getMessage());
        }
    }

    private static boolean isRight(
            TorchExecutor executor, int node, float factor, long... integers) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            TorchApi.emptyStrided(
                    1,
                    arena.allocateFrom(JAVA_LONG, ELEMENTS.length),
                    arena.allocateFrom(JAVA_LONG, 1),
                    DType.FLOAT32.code(),
                    slot);
            MemorySegment x = slot.get(ADDRESS, 0);
            try {
                elements(x, slot).copyFrom(MemorySegment.ofArray(ELEMENTS));
                TorchApi.newUndefinedTensor(slot);
                MemorySegment y = slot.get(ADDRESS, 0);
                try {
                    // Room for both: an executor that takes other arguments than stated fails.
                    MemorySegment tensors = arena.allocate(ADDRESS, 4);
                    int inputs = node + 1;
                    for (int i = 0; i < 4; i++) {
                        tensors.setAtIndex(ADDRESS, i, i < inputs ? x : y);
                    }
                    MemorySegment ints = arena.allocate(JAVA_LONG, 4);
                    MemorySegment.copy(integers, 0, ints, JAVA_LONG, 0, integers.length);
                    executor.call(node, integers.length, ints, inputs + 1, tensors);
                    float[] expected = ELEMENTS.clone();
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] *= factor;
                    }
                    return TorchApi.isDefined(y, slot)
                            && Arrays.equals(elements(y, slot).toArray(JAVA_FLOAT), expected);
                } finally {
                    TorchApi.deleteTensor(y);
                }
            } finally {
                TorchApi.deleteTensor(x);
            }
        }
    }

    private static MemorySegment elements(MemorySegment tensor, MemorySegment slot) {
        return MemorySegment.ofAddress(TorchApi.dataAddress(tensor, slot))
                .reinterpret((long) ELEMENTS.length * Float.BYTES);
    }
}
