package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Compares a tensor of libtorch's with a record of ours. */
final class TensorComparison {
    private TensorComparison() {}

    static void assertEqual(long libtorch, long ours, Tolerance tolerance) {
        Tensors.require(ours, "the result");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(8, 8);
            MemorySegment expected = MemorySegment.ofAddress(libtorch);
            int rank = TorchApi.rank(expected, slot);
            assertEquals(TorchApi.dtype(expected, slot), Tensors.dtype(ours), "dtype");
            long[] sizes = TorchApi.sizes(expected, rank, slot);
            assertArrayEquals(
                    sizes,
                    IntStream.range(0, Tensors.rank(ours))
                            .mapToLong(d -> Tensors.size(ours, d))
                            .toArray(),
                    "sizes");
            long[] expectedStrides = TorchApi.strides(expected, rank, slot);
            long[] strides =
                    IntStream.range(0, rank).mapToLong(d -> Tensors.stride(ours, d)).toArray();
            long count = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
            // How what has no elements is laid out differs between versions of PyTorch.
            if (count > 0) {
                assertArrayEquals(expectedStrides, strides, "strides");
            }
            assertEquals(count, Tensors.count(ours), "number of elements");
            DType dtype = DType.ofCode(Tensors.dtype(ours)).orElseThrow();
            MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
            MemorySegment a = count == 0 ? all : all.asSlice(TorchApi.dataAddress(expected, slot));
            MemorySegment b = count == 0 ? all : all.asSlice(Tensors.data(ours));
            Elements.forEach(
                    sizes,
                    expectedStrides,
                    strides,
                    (i, j) -> {
                        if (!holds(dtype, a, i, b, j, tolerance)) {
                            fail(
                                    "element %d of %s: %s instead of %s, with %s"
                                            .formatted(
                                                    j,
                                                    Tensors.describe(ours),
                                                    element(dtype, b, j),
                                                    element(dtype, a, i),
                                                    tolerance));
                        }
                    });
        }
    }

    /** Returns whether a tensor of libtorch's has no elements. */
    static boolean isEmpty(long libtorch) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(8, 8);
            MemorySegment tensor = MemorySegment.ofAddress(libtorch);
            long[] sizes = TorchApi.sizes(tensor, TorchApi.rank(tensor, slot), slot);
            return Arrays.stream(sizes).anyMatch(size -> size == 0);
        }
    }

    /** Adds up the magnitudes of a contiguous tensor of ours of float. */
    static float sumOfMagnitudes(long ours) {
        MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        float sum = 0;
        for (long i = 0; i < Tensors.count(ours); i++) {
            sum += Math.abs(all.get(ValueLayout.JAVA_FLOAT, Tensors.data(ours) + i * Float.BYTES));
        }
        return sum;
    }

    private static boolean holds(
            DType dtype, MemorySegment a, long i, MemorySegment b, long j, Tolerance tolerance) {
        return dtype.isFloatingPoint()
                ? tolerance.holds(Values.getFloat(a, dtype, i), Values.getFloat(b, dtype, j))
                : Values.getInteger(a, dtype, i) == Values.getInteger(b, dtype, j);
    }

    private static Object element(DType dtype, MemorySegment memory, long i) {
        return dtype.isFloatingPoint()
                ? (Object) Values.getFloat(memory, dtype, i)
                : Values.getInteger(memory, dtype, i);
    }
}
