package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/** A tensor as a handle of libtorch and as a record of ours. */
final class TestTensor implements BothSides.Argument {
    /** What lies before and behind the tensor's memory; kept as the tensor's surroundings are. */
    private static final long MARGIN = 64;

    private final TensorSpec spec;
    private final long libtorch;
    private final long ours;
    private final boolean shared;
    private final MemorySegment oursMemory;
    private final MemorySegment before;

    private TestTensor(TensorSpec spec, Arena arena, boolean shared) {
        this.spec = spec;
        this.shared = shared;
        oursMemory = memory(spec, arena);
        MemorySegment libtorchMemory = shared ? oursMemory : memory(spec, arena);
        before = arena.allocate(oursMemory.byteSize()).copyFrom(oursMemory);
        libtorch = libtorchTensor(spec, data(spec, libtorchMemory), arena);
        ours = oursTensor(spec, data(spec, oursMemory).address());
    }

    static TestTensor shared(TensorSpec spec, Arena arena) {
        return new TestTensor(spec, arena, true);
    }

    static TestTensor copied(TensorSpec spec, Arena arena) {
        return new TestTensor(spec, arena, false);
    }

    private static MemorySegment memory(TensorSpec spec, Arena arena) {
        long bytes = spec.extent() * spec.dtype().byteSize();
        MemorySegment memory = arena.allocate(MARGIN + bytes + MARGIN, 64);
        memory.fill((byte) 0xA5);
        spec.values().fill(memory.asSlice(MARGIN, bytes), spec.dtype(), spec.seed());
        return memory;
    }

    private static MemorySegment data(TensorSpec spec, MemorySegment memory) {
        return memory.asSlice(MARGIN + spec.offset() * spec.dtype().byteSize());
    }

    private static long libtorchTensor(TensorSpec spec, MemorySegment data, Arena arena) {
        MemorySegment handle = arena.allocate(JAVA_LONG);
        TorchApi.createTensorFromBlob(
                data,
                spec.rank(),
                arena.allocateFrom(JAVA_LONG, padded(spec.shape())),
                arena.allocateFrom(JAVA_LONG, padded(spec.strides())),
                spec.dtype().code(),
                handle);
        return handle.get(JAVA_LONG, 0);
    }

    /** An array of no elements has no address. */
    private static long[] padded(long[] values) {
        return Arrays.copyOf(values, values.length + 1);
    }

    private static long oursTensor(TensorSpec spec, long data) {
        long tensor = Tensors.begin(spec.dtype().code(), spec.rank());
        for (int d = 0; d < spec.rank(); d++) {
            Tensors.setDimension(tensor, d, spec.shape()[d], spec.strides()[d]);
        }
        Tensors.wrap(tensor, Tensors.sizes(tensor), Tensors.strides(tensor), data, 0);
        return tensor;
    }

    @Override
    public long value(boolean ours) {
        return ours ? this.ours : libtorch;
    }

    /** Requires that our side has written nothing, or nothing but the elements of a copy. */
    void requireIntact(String call) {
        if (oursMemory.mismatch(before) < 0) {
            return;
        }
        BitSet own = shared ? new BitSet() : ownBytes();
        for (long b = 0; b < before.byteSize(); b++) {
            if (!own.get((int) b)) {
                long at = b;
                assertEquals(
                        before.get(JAVA_BYTE, b),
                        oursMemory.get(JAVA_BYTE, b),
                        () -> call + ": byte " + at + " around the elements of " + spec);
            }
        }
    }

    private BitSet ownBytes() {
        BitSet bytes = new BitSet();
        int size = spec.dtype().byteSize();
        Elements.forEach(
                spec.shape(),
                spec.strides(),
                spec.strides(),
                (offset, _) -> {
                    long first = MARGIN + (spec.offset() + offset) * size;
                    bytes.set((int) first, (int) first + size);
                });
        return bytes;
    }

    void delete() {
        TorchApi.deleteTensor(MemorySegment.ofAddress(libtorch));
        Tensors.delete(ours);
    }

    @Override
    public String toString() {
        return "%s %s strides %s"
                .formatted(spec.dtype(), spec.sizes(), Arrays.toString(spec.strides()));
    }
}
