package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A constant that a container uses in place: a tensor handle of ours over memory that a backing
 * owns.
 *
 * @param handle the tensor handle
 */
public record BoundConstant(long handle, RefCounted<?> backing, String location)
        implements AutoCloseable {
    /** Makes a handle; takes over one use of the backing. */
    public static BoundConstant of(
            MemorySegment segment,
            DType dtype,
            long[] shape,
            long[] strides,
            RefCounted<?> backing,
            String location) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            TorchApi.createTensorFromBlob(
                    segment,
                    shape.length,
                    arena.allocateFrom(ValueLayout.JAVA_LONG, shape),
                    arena.allocateFrom(ValueLayout.JAVA_LONG, strides),
                    dtype.code(),
                    slot);
            return new BoundConstant(slot.get(ValueLayout.JAVA_LONG, 0), backing, location);
        }
    }

    /** Makes a handle to memory of a device; takes over one use of the backing. */
    static BoundConstant onDevice(
            Device device,
            MemorySegment address,
            DType dtype,
            long[] shape,
            long[] strides,
            RefCounted<?> backing,
            String location) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            TorchCudaApi.createTensorFromBlob(
                    address,
                    device.index(),
                    shape.length,
                    arena.allocateFrom(ValueLayout.JAVA_LONG, shape),
                    arena.allocateFrom(ValueLayout.JAVA_LONG, strides),
                    dtype.code(),
                    slot);
            return new BoundConstant(slot.get(ValueLayout.JAVA_LONG, 0), backing, location);
        }
    }

    /** Makes another handle to the same tensor; takes over one use of the backing. */
    static BoundConstant of(MemorySegment handle, RefCounted<?> backing, String location) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            TorchApi.newTensorHandle(handle, slot);
            return new BoundConstant(slot.get(ValueLayout.JAVA_LONG, 0), backing, location);
        }
    }

    public MemorySegment segment() {
        return MemorySegment.ofAddress(handle);
    }

    /** Makes another of the same memory. */
    BoundConstant copy() {
        return of(segment(), backing.retain(), location);
    }

    @Override
    public void close() {
        Closeables.closeAll(() -> TorchApi.deleteTensor(segment()), backing::release);
    }
}
