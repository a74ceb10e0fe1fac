package io.github.aoti4j.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory from PyTorch's caching allocators, of a device or page-locked.
 *
 * @param segment of the global arena: not to be used after close
 */
public record DeviceMemory(Gpu gpu, MemorySegment handle, MemorySegment segment)
        implements AutoCloseable {

    /**
     * Allocates on a device, aligned to 256 bytes, for the thread's current stream, whose earlier
     * work may still use it. The segment has no length.
     */
    public static DeviceMemory allocate(Gpu gpu, long bytes) {
        return make(gpu, bytes, false);
    }

    /**
     * Allocates page-locked memory that Java can read and write; the allocator rounds up to a power
     * of two.
     */
    public static DeviceMemory pinned(Gpu gpu, long bytes) {
        return make(gpu, bytes, true);
    }

    private static DeviceMemory make(Gpu gpu, long bytes, boolean pinned) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            MemorySegment size = arena.allocateFrom(JAVA_LONG, bytes);
            MemorySegment stride = arena.allocateFrom(JAVA_LONG, 1);
            int dtype = DType.UINT8.code();
            if (pinned) {
                TorchCudaApi.emptyStridedPinned(1, size, stride, dtype, slot);
            } else {
                TorchCudaApi.emptyStrided(gpu.device().index(), 1, size, stride, dtype, slot);
            }
            MemorySegment handle = slot.get(ADDRESS, 0);
            try {
                MemorySegment address = MemorySegment.ofAddress(TorchApi.dataAddress(handle, slot));
                return new DeviceMemory(gpu, handle, pinned ? address.reinterpret(bytes) : address);
            } catch (Throwable e) {
                Closeables.closeAfter(e, () -> TorchApi.deleteTensor(handle));
                throw e;
            }
        }
    }

    /** Waits for all work of the device, any of which may be using the memory, and frees it. */
    @Override
    public void close() {
        Closeables.closeAll(gpu::synchronize, this::free);
    }

    /** Frees the memory, which no work is using. */
    public void free() {
        TorchApi.deleteTensor(handle);
    }
}
