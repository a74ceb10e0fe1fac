package io.github.aoti4j;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.cuda.Gpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A mark in the work of a CUDA stream: to wait for, here or on another stream, and to measure time
 * on the device. Thread-safe.
 */
public final class CudaEvent implements AutoCloseable {
    private final Gpu gpu;
    private final MemorySegment handle;
    private final Arena arena = Arena.ofShared();

    private CudaEvent(Gpu gpu, MemorySegment made) {
        this.gpu = gpu;
        this.handle = made.reinterpret(0, arena, gpu.api()::destroyEvent);
    }

    /**
     * Makes an event that notes the time.
     *
     * @param device whose streams can record it
     * @return to be closed by the caller
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static CudaEvent create(Device device) {
        Gpu gpu = Gpu.of(device);
        CudaApi api = gpu.api();
        try (CudaApi.InUse _ = api.use(device.index())) {
            return new CudaEvent(gpu, api.createEvent(true));
        }
    }

    /**
     * Returns the device whose streams can record this.
     *
     * @return a CUDA device
     */
    public Device device() {
        return gpu.device();
    }

    /**
     * Returns the {@code cudaEvent_t}, for other code to use.
     *
     * @return an address, valid until this is closed
     */
    public MemorySegment handle() {
        return handle;
    }

    /**
     * Sets the mark behind the work that has been submitted to a stream so far.
     *
     * @param stream a stream of this event's device
     * @throws InvalidInputException if it is another device's
     * @throws IllegalStateException if one of the two is closed
     */
    public void record(CudaStream stream) {
        if (!stream.device().equals(device())) {
            throw new InvalidInputException(
                    "an event of %s cannot be recorded on %s".formatted(device(), stream));
        }
        try (CudaApi.InUse _ = gpu.use()) {
            gpu.api().recordEvent(handle, stream.handle());
        }
    }

    /**
     * Returns whether the work before the mark is done.
     *
     * @return true also if it was never recorded
     * @throws NativeException if the work has failed
     * @throws IllegalStateException if this is closed
     */
    public boolean isDone() {
        return gpu.api().isEventDone(handle);
    }

    /**
     * Waits until the work before the mark is done.
     *
     * @throws NativeException if it has failed
     * @throws IllegalStateException if this is closed
     */
    public void synchronize() {
        gpu.api().synchronizeEvent(handle);
    }

    /**
     * Returns the device's time from another event to this one.
     *
     * @param start recorded before this, on the same device; both must be done
     * @return milliseconds, with a resolution of about half a microsecond
     * @throws NativeException if one of them is not done, or was never recorded
     * @throws IllegalStateException if one of the two is closed
     */
    public float millisecondsSince(CudaEvent start) {
        return gpu.api().elapsed(start.handle, handle);
    }

    /** Destroys the event; work that waits for it still does. Closing again does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "CudaEvent[" + gpu + "]";
    }
}
