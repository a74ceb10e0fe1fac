package io.github.aoti4j.internal.device;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.internal.cuda.DeviceMemory;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Device or page-locked memory for tensors like given ones. */
public final class DeviceInputs implements AutoCloseable {
    private final Gpu gpu;
    private final List<DeviceMemory> memory = new ArrayList<>();

    public DeviceInputs(Gpu gpu) {
        this.gpu = gpu;
    }

    /** Makes a tensor on the device, of the same dtype, sizes and strides, with any elements. */
    public TensorView onDevice(TensorView like, Arena arena, MemoryUses uses) {
        DeviceMemory made = DeviceMemory.allocate(gpu, Math.max(1, like.spanBytes()));
        memory.add(made);
        return new TensorView(
                like.dtype(),
                like.shape(),
                like.strides(),
                made.segment().reinterpret(0, arena, null),
                gpu.device(),
                uses);
    }

    /** Makes a tensor in page-locked memory, of the same dtype, sizes and strides. */
    public TensorView pinned(TensorView like, Arena arena) {
        DeviceMemory made = DeviceMemory.pinned(gpu, Math.max(1, like.spanBytes()));
        memory.add(made);
        MemorySegment segment = made.segment().asSlice(0, like.spanBytes());
        return new TensorView(
                like.dtype(),
                like.shape(),
                like.strides(),
                segment.reinterpret(like.spanBytes(), arena, null));
    }

    /** Frees all, when the device has done all its work. */
    @Override
    public void close() {
        Closeables.closeAll(memory);
        memory.clear();
    }
}
