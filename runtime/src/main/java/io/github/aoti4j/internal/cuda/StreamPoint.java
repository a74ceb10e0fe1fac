package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCounted;

import java.lang.foreign.MemorySegment;

/** A place in the work of a stream: an event, destroyed by the last of its users. Thread-safe. */
public final class StreamPoint implements AutoCloseable {
    private final Gpu gpu;
    private final long stream;
    private final MemorySegment event;
    private final RefCounted<AutoCloseable> users;

    private StreamPoint(Gpu gpu, long stream, MemorySegment event) {
        this.gpu = gpu;
        this.stream = stream;
        this.event = event;
        this.users = new RefCounted<>(() -> gpu.api().destroyEvent(event));
    }

    /**
     * Marks the end of what a stream of the thread's current device has been given; used by the
     * caller.
     */
    public static StreamPoint record(Gpu gpu, MemorySegment stream) {
        CudaApi api = gpu.api();
        MemorySegment event = api.createEvent(false);
        try {
            api.recordEvent(event, stream);
        } catch (Throwable e) {
            Closeables.closeAfter(e, () -> api.destroyEvent(event));
            throw e;
        }
        return new StreamPoint(gpu, stream.address(), event);
    }

    boolean isOn(Gpu otherGpu, long otherStream) {
        return stream == otherStream && gpu.device().equals(otherGpu.device());
    }

    /** Makes later work of a stream wait for this. */
    void makeWait(MemorySegment otherStream) {
        if (!gpu.api().isEventDone(event)) {
            gpu.api().waitEvent(otherStream, event);
        }
    }

    void await() {
        gpu.api().synchronizeEvent(event);
    }

    /** Adds a user; only a user may do so. */
    StreamPoint retain() {
        users.retain();
        return this;
    }

    /** Removes a user; the last one destroys the event. */
    @Override
    public void close() {
        users.release();
    }
}
