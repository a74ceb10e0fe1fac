package io.github.aoti4j.internal.cuda;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.library.RuntimeAccess;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/** A CUDA device that libtorch can use. Thread-safe. */
public final class Gpu {
    private static final ConcurrentHashMap<Device, Gpu> KNOWN = new ConcurrentHashMap<>();

    private final Device device;
    private final CudaApi api;

    /** Created on first use, and never destroyed. */
    private MemorySegment captureStream;

    private Gpu(Device device, CudaApi api) {
        this.device = device;
        this.api = api;
    }

    /**
     * Returns a device, and loads libtorch with its part for CUDA if it is not loaded.
     *
     * @throws IncompatibleModelException naming what is missing: libtorch, its part for CUDA, the
     *     driver, or the device
     * @throws IllegalArgumentException if it is the CPU
     */
    public static Gpu of(Device device) {
        if (requireNonNull(device, "device").isCpu()) {
            throw new IllegalArgumentException("the CPU is no CUDA device");
        }
        return KNOWN.computeIfAbsent(device, Gpu::load);
    }

    private static Gpu load(Device device) {
        RuntimeAccess.require();
        LibTorchCuda cuda = LibTorchCuda.load();
        cuda.require(device);
        return new Gpu(device, cuda.runtime());
    }

    public Device device() {
        return device;
    }

    public CudaApi api() {
        return api;
    }

    /** Returns libtorch's current stream of the calling thread; null is the default stream. */
    public MemorySegment currentStream() {
        return TorchCudaApi.currentStream(device.index());
    }

    /**
     * Returns the stream on which graphs are captured: one for all, since PyTorch's allocator keeps
     * memory for each stream. Callers hold this object's monitor while they use it.
     */
    MemorySegment captureStream() {
        if (captureStream == null) {
            captureStream = createStream();
        }
        return captureStream;
    }

    /** Creates a stream, which does not wait for the device's default one, nor that for it. */
    public MemorySegment createStream() {
        try (CudaApi.InUse _ = use()) {
            return api.createStream();
        }
    }

    /**
     * Makes this the calling thread's current device until the result is closed. Every call that
     * takes a stream needs that: the null stream is the default one of the current device.
     */
    public CudaApi.InUse use() {
        return api.use(device.index());
    }

    /** Waits until all work of the device is done. */
    public void synchronize() {
        try (CudaApi.InUse _ = use()) {
            api.synchronizeDevice();
        }
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
