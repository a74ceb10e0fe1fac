package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.stub.TensorRecord;

import java.lang.foreign.MemorySegment;

/** Makes handles, several to one tensor, too, and deletes them. */
public final class Handles {

    private Handles() {}

    /** {@code aoti_torch_delete_tensor_object}. */
    public static void delete(long tensor) {
        Tensors.delete(tensor);
    }

    /** {@code aoti_torch_new_tensor_handle}. */
    public static void newHandle(long tensor, long result) {
        Raw.setLong(result, share(tensor));
    }

    /** {@code aoti_torch_new_uninitialized_tensor}. */
    public static void newUndefined(long result) {
        Raw.setLong(result, Tensors.beginUndefined());
    }

    /** {@code aoti_torch_assign_tensors}. */
    public static void assignTensors(long source, long tensor) {
        assign(tensor, source);
    }

    /** {@code aoti_torch_assign_tensors_out}. */
    public static void assignTensorsOut(long source, long result) {
        Raw.setLong(result, share(source));
    }

    /** Makes another handle to what a handle stands for. */
    public static long share(long tensor) {
        if (Records.state(tensor) == Tensors.UNDEFINED) {
            return Tensors.beginUndefined();
        }
        Tensors.require(tensor, "the tensor");
        int rank = Tensors.rank(tensor);
        long other = Tensors.begin(Tensors.dtype(tensor), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(other, d, Tensors.size(tensor, d), Tensors.stride(tensor, d));
        }
        long storage = Raw.getLong(tensor + TensorRecord.STORAGE);
        if (storage != 0) {
            Memory.share(storage);
        }
        Raw.setLong(other + TensorRecord.STORAGE, storage);
        Raw.setLong(
                other + TensorRecord.STORAGE_BYTES,
                Raw.getLong(tensor + TensorRecord.STORAGE_BYTES));
        Raw.setLong(other + TensorRecord.OFFSET, Tensors.offset(tensor));
        Raw.setLong(other + TensorRecord.DATA, Tensors.data(tensor));
        Raw.setLong(other + TensorRecord.COUNT, Tensors.count(tensor));
        return other;
    }

    /** Makes a handle stand for what another one stands for. */
    static void assign(long tensor, long source) {
        Tensors.requireHandle(tensor, "dst");
        Tensors.requireHandle(source, "src");
        if (Tensors.isLent(tensor)) {
            throw new BuiltInFailure("an input cannot be assigned to: " + Tensors.describe(tensor));
        }
        if (tensor == source) {
            return;
        }
        // A temporary handle: whatever fails, nothing has changed.
        long other = share(source);
        Tensors.freeContents(tensor);
        MemorySegment.copy(Raw.MEMORY, other, Raw.MEMORY, tensor, Tensors.OWNER);
        if (Tensors.sizes(other) == other + Tensors.INLINE_SIZES) {
            MemorySegment.copy(
                    Raw.MEMORY,
                    other + Tensors.INLINE_SIZES,
                    Raw.MEMORY,
                    tensor + Tensors.INLINE_SIZES,
                    Tensors.BYTES - Tensors.INLINE_SIZES);
            Raw.setLong(tensor + TensorRecord.SIZES, tensor + Tensors.INLINE_SIZES);
            Raw.setLong(tensor + TensorRecord.STRIDES, tensor + Tensors.INLINE_STRIDES);
        }
        Tensors.clear(other);
        Records.give(other);
    }
}
