package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Work on its way to a stream, with the memory that it will use: begun before the work is given to
 * the stream, closed after that. Of one thread.
 *
 * <pre>{@code
 * try (var launch = new Launch(gpu, stream)) {
 *     launch.uses(source);
 *     launch.uses(target);
 *     …                    // give the work to the stream
 *     launch.done();       // without this, nothing has been given to it
 * }
 * }</pre>
 */
public final class Launch implements AutoCloseable {
    private final Gpu gpu;
    private final MemorySegment stream;
    private final CudaApi.InUse inUse;
    private final List<MemoryUses> memory = new ArrayList<>();
    private StreamPoint point;

    /** Begins, and makes the device the thread's current one. */
    public Launch(Gpu gpu, MemorySegment stream) {
        StackGuard.requireForRun();
        this.gpu = gpu;
        this.stream = stream;
        this.inUse = gpu.use();
    }

    /**
     * Announces memory that the work will use, and lets the stream wait for those who use it now.
     *
     * @param uses the memory's; null for memory that no work in flight uses
     */
    public void uses(MemoryUses uses) {
        if (uses != null) {
            uses.begin(gpu, stream);
            memory.add(uses);
        }
    }

    /** Marks the end of the work, which the stream has been given now. */
    public void done() {
        try {
            point = StreamPoint.record(gpu, stream);
        } catch (NativeException e) {
            // Without a mark nobody could wait for the work later.
            try {
                gpu.api().synchronizeStream(stream);
            } catch (NativeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /**
     * Marks the end of work that has failed on its way to the stream: a part of it may be there.
     *
     * @param failure what it failed with; gets what fails here
     */
    public void failed(Throwable failure) {
        try {
            done();
        } catch (NativeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Ends all announcements. */
    @Override
    public void close() {
        List<AutoCloseable> steps = new ArrayList<>();
        memory.forEach(uses -> steps.add(() -> uses.end(gpu, stream, point)));
        steps.add(inUse);
        steps.add(point);
        Closeables.closeAll(steps);
    }
}
