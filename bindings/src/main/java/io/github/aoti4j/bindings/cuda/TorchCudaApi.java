package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.generated.torch_cuda.AotiTorchCuda;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The functions of libtorch's C shim for CUDA that a host of compiled models calls. What libtorch
 * refuses is a {@link NativeException} with its words.
 *
 * <p>libtorch_cuda must have been loaded before this class is touched: its first failure to bind is
 * final. Device memory and streams are segments as in {@link CudaApi}. Thread-safe.
 */
public final class TorchCudaApi {
    /** The device type of CUDA devices. */
    public static final int CUDA = AotiTorch.aoti_torch_device_type_cuda();

    private TorchCudaApi() {}

    /**
     * Makes a tensor over device memory that stays the caller's and must outlive every use of the
     * tensor and of what aliases it, by the device too.
     */
    public static void createTensorFromBlob(
            MemorySegment data,
            int device,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment handle) {
        TorchApi.check(
                AotiTorch.aoti_torch_create_tensor_from_blob(
                        data, rank, sizes, strides, 0, dtype, CUDA, device, handle),
                "aoti_torch_create_tensor_from_blob");
    }

    /** Makes a tensor on memory of PyTorch's caching allocator, for the device's current stream. */
    public static void emptyStrided(
            int device,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment handle) {
        TorchApi.check(
                AotiTorch.aoti_torch_empty_strided(
                        rank, sizes, strides, dtype, CUDA, device, handle),
                "aoti_torch_empty_strided");
    }

    /** Makes a tensor in page-locked host memory of PyTorch's caching allocator. */
    public static void emptyStridedPinned(
            int rank, MemorySegment sizes, MemorySegment strides, int dtype, MemorySegment handle) {
        TorchApi.check(
                AotiTorch.aoti_torch_empty_strided_pinned(
                        rank, sizes, strides, dtype, TorchApi.CPU, 0, handle),
                "aoti_torch_empty_strided_pinned");
    }

    /**
     * Copies a tensor's values into another of the same shape, on any devices, in the order of the
     * current stream of the device involved; returns before it is done if {@code nonBlocking} and
     * possible.
     */
    public static void copy(MemorySegment destination, MemorySegment source, boolean nonBlocking) {
        TorchApi.check(
                AotiTorch.aoti_torch_copy_(destination, source, nonBlocking ? 1 : 0),
                "aoti_torch_copy_");
    }

    /**
     * Returns the calling thread's current stream of a device, borrowed; null is the default
     * stream.
     */
    public static MemorySegment currentStream(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            TorchApi.check(
                    AotiTorchCuda.aoti_torch_get_current_cuda_stream(device, slot),
                    "aoti_torch_get_current_cuda_stream");
            return slot.get(ADDRESS, 0);
        }
    }

    /** Returns a stream of PyTorch's pool, which returns the same ones in turn. */
    public static MemorySegment streamFromPool(int device, boolean highPriority) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            TorchApi.check(
                    AotiTorchCuda.torch_get_cuda_stream_from_pool(highPriority, device, slot),
                    "torch_get_cuda_stream_from_pool");
            return slot.get(ADDRESS, 0);
        }
    }

    /** A stream that is a thread's current one until this is closed, on the same thread. */
    public static final class InUse implements AutoCloseable {
        private final MemorySegment guard;

        private InUse(MemorySegment guard) {
            this.guard = guard;
        }

        @Override
        public void close() {
            TorchApi.check(
                    AotiTorchCuda.aoti_torch_delete_cuda_stream_guard(guard),
                    "aoti_torch_delete_cuda_stream_guard");
        }
    }

    /**
     * Makes a stream the calling thread's current one for a while, and its device the current
     * device.
     */
    public static InUse use(int device, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            TorchApi.check(
                    AotiTorchCuda.aoti_torch_create_cuda_stream_guard(stream, device, slot),
                    "aoti_torch_create_cuda_stream_guard");
            return new InUse(slot.get(ADDRESS, 0));
        }
    }
}
