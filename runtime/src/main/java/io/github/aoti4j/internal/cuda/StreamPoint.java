package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A place in the work of a stream: an event, which goes with the last of those who keep it.
 * Thread-safe.
 */
public final class StreamPoint {
    private final Gpu gpu;
    private final long stream;
    private final MemorySegment event;
    private final AtomicInteger keepers = new AtomicInteger(1);

    private StreamPoint(Gpu gpu, long stream, MemorySegment event) {
        this.gpu = gpu;
        this.stream = stream;
        this.event = event;
    }

    /**
     * Marks the end of what a stream has been given so far.
     *
     * @param gpu the stream's device, the thread's current one
     * @return kept by the caller
     * @throws NativeException if CUDA fails
     */
    public static StreamPoint record(Gpu gpu, MemorySegment stream) {
        CudaApi api = gpu.api();
        MemorySegment event = api.createEvent(false);
        try {
            api.recordEvent(event, stream);
        } catch (Throwable e) {
            api.destroyEvent(event);
            throw e;
        }
        return new StreamPoint(gpu, stream.address(), event);
    }

    /** Whether it is a place in this stream of this device. */
    boolean isOn(Gpu otherGpu, long otherStream) {
        return stream == otherStream && gpu.device().equals(otherGpu.device());
    }

    /** Lets what a stream is given from now on wait for it. */
    void letWait(MemorySegment otherStream) {
        if (!gpu.api().isEventDone(event)) {
            gpu.api().waitEvent(otherStream, event);
        }
    }

    /** Waits for it here. */
    void await() {
        gpu.api().synchronizeEvent(event);
    }

    /** Adds a keeper; only a keeper may do so. */
    StreamPoint keep() {
        keepers.incrementAndGet();
        return this;
    }

    /**
     * Lets go.
     *
     * @throws NativeException if CUDA fails
     */
    public void letGo() {
        if (keepers.decrementAndGet() == 0) {
            gpu.api().destroyEvent(event);
        }
    }
}
