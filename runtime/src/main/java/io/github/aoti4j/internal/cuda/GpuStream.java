package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.core.Device;

import java.lang.foreign.MemorySegment;

/**
 * A queue of work for a device.
 *
 * @param handle the {@code cudaStream_t}; null is the device's default stream. Of an arena of its
 *     own if the stream may be closed
 */
public record GpuStream(Gpu gpu, MemorySegment handle) {
    public Device device() {
        return gpu.device();
    }

    @Override
    public String toString() {
        return "CudaStream[%s, 0x%x]".formatted(gpu, handle.address());
    }
}
