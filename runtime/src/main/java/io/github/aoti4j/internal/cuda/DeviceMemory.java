package io.github.aoti4j.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory from PyTorch's caching allocators, of a device or page-locked: freed, it stays with the
 * allocator, for whoever asks next.
 */
public final class DeviceMemory implements AutoCloseable {
    private final Gpu gpu;
    private final MemorySegment handle;
    private final MemorySegment segment;

    private DeviceMemory(Gpu gpu, MemorySegment handle, MemorySegment segment) {
        this.gpu = gpu;
        this.handle = handle;
        this.segment = segment;
    }

    /**
     * Allocates on a device, in one piece, for the calling thread's current stream: earlier work of
     * that stream may still be using it.
     *
     * @param bytes how many, more than 0
     * @return aligned to at least 256 bytes; its segment is an address without length
     * @throws NativeException if there is not so much memory
     */
    public static DeviceMemory allocate(Gpu gpu, long bytes) {
        return make(gpu, bytes, false);
    }

    /**
     * Allocates page-locked memory.
     *
     * @param gpu a device that will copy from or to it
     * @param bytes how many, more than 0; the allocator takes the next power of two
     * @return its segment can be read and written
     * @throws NativeException if there is not so much memory
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

    /** Returns the memory, of the global arena: not to be used after close. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Waits for all work of the device, any of which may be using the memory, and gives it back.
     *
     * @throws NativeException if the work has failed; the memory is given back all the same
     */
    @Override
    public void close() {
        Closeables.closeAll(gpu::synchronize, this::free);
    }

    /** Gives the memory back, which no work is using. */
    void free() {
        TorchApi.deleteTensor(handle);
    }
}
