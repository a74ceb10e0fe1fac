package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.stub.TensorRecord;

import java.lang.foreign.MemorySegment;

/** Several handles to one tensor. */
final class Aliases {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Aliases() {}

    /** Makes another handle to what a handle stands for. */
    static long share(long tensor) {
        if (Records.state(tensor) == Tensors.UNDEFINED) {
            return Tensors.beginUndefined();
        }
        Tensors.require(tensor, "the tensor");
        int rank = Tensors.rank(tensor);
        long other = Tensors.begin(Tensors.dtype(tensor), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(other, d, Tensors.size(tensor, d), Tensors.stride(tensor, d));
        }
        long storage = MEMORY.get(JAVA_LONG, tensor + TensorRecord.STORAGE);
        if (storage != 0) {
            Memory.share(storage);
        }
        MEMORY.set(JAVA_LONG, other + TensorRecord.STORAGE, storage);
        MEMORY.set(
                JAVA_LONG,
                other + TensorRecord.STORAGE_BYTES,
                MEMORY.get(JAVA_LONG, tensor + TensorRecord.STORAGE_BYTES));
        MEMORY.set(JAVA_LONG, other + TensorRecord.OFFSET, Tensors.offset(tensor));
        MEMORY.set(JAVA_LONG, other + TensorRecord.DATA, Tensors.data(tensor));
        MEMORY.set(JAVA_LONG, other + TensorRecord.COUNT, Tensors.count(tensor));
        return other;
    }

    /** Makes a handle stand for what another one stands for. */
    static void assign(long tensor, long source) {
        Tensors.requireHandle(tensor, "dst");
        Tensors.requireHandle(source, "src");
        if (tensor == source) {
            return;
        }
        // A temporary handle: whatever fails, nothing has changed.
        long other = share(source);
        Tensors.freeContents(tensor);
        MemorySegment.copy(MEMORY, other, MEMORY, tensor, Tensors.OWNER);
        if (Tensors.sizes(other) == other + Tensors.INLINE_SIZES) {
            MemorySegment.copy(
                    MEMORY,
                    other + Tensors.INLINE_SIZES,
                    MEMORY,
                    tensor + Tensors.INLINE_SIZES,
                    Tensors.BYTES - Tensors.INLINE_SIZES);
            MEMORY.set(JAVA_LONG, tensor + TensorRecord.SIZES, tensor + Tensors.INLINE_SIZES);
            MEMORY.set(JAVA_LONG, tensor + TensorRecord.STRIDES, tensor + Tensors.INLINE_STRIDES);
        }
        Records.give(other);
    }
}
