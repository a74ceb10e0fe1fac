package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A constant that a container uses in place: a tensor handle of ours over memory that a backing
 * owns. The factories take over one use of the backing, also if they fail.
 *
 * @param mapped bytes that are used in place in a mapped file
 */
record BoundConstant(
        TensorApi tensors, long handle, RefCounted<?> backing, String location, long mapped)
        implements AutoCloseable {
    /** Makes a handle over the first element of a tensor's values in memory of a device. */
    static BoundConstant of(
            TensorApi tensors,
            StoredTensor tensor,
            Device device,
            MemorySegment first,
            long[] strides,
            RefCounted<?> backing,
            String location,
            long mapped) {
        try (Arena arena = Arena.ofConfined()) {
            int rank = strides.length;
            int dtype = tensor.dtype().code();
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment sizes = arena.allocateFrom(ValueLayout.JAVA_LONG, tensor.shape());
            MemorySegment steps = arena.allocateFrom(ValueLayout.JAVA_LONG, strides);
            if (device.isCpu()) {
                tensors.createFromBlob(first, rank, sizes, steps, dtype, slot);
            } else {
                TorchCudaApi.createTensorFromBlob(
                        first, device.index(), rank, sizes, steps, dtype, slot);
            }
            return new BoundConstant(
                    tensors, slot.get(ValueLayout.JAVA_LONG, 0), backing, location, mapped);
        } catch (Throwable e) {
            Closeables.closeAfter(e, backing::release);
            throw e;
        }
    }

    /** Makes another handle to the same tensor. */
    static BoundConstant of(
            TensorApi tensors, long handle, RefCounted<?> backing, String location, long mapped) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            tensors.newHandle(handle, slot.address());
            return new BoundConstant(
                    tensors, slot.get(ValueLayout.JAVA_LONG, 0), backing, location, mapped);
        } catch (Throwable e) {
            Closeables.closeAfter(e, backing::release);
            throw e;
        }
    }

    MemorySegment segment() {
        return MemorySegment.ofAddress(handle);
    }

    /** Makes another of the same memory. */
    BoundConstant copy() {
        return of(tensors, handle, backing.retain(), location, mapped);
    }

    @Override
    public void close() {
        Closeables.closeAll(() -> tensors.delete(handle), backing::release);
    }
}
