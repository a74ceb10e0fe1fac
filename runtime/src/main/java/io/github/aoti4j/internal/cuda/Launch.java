package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Work that is being submitted to a stream, with the memory that it will use: created before the
 * work is submitted, closed after that. Of one thread.
 *
 * <pre>{@code
 * try (var launch = new Launch(gpu, stream)) {
 *     launch.uses(source);
 *     launch.uses(target);
 *     …                    // submit the work
 *     launch.done();       // without this, nothing has been submitted
 * }
 * }</pre>
 */
public final class Launch implements AutoCloseable {
    private final Gpu gpu;
    private final MemorySegment stream;
    private final CudaApi.InUse inUse;
    private final List<MemoryUses> memory = new ArrayList<>();
    private StreamPoint point;

    /** Makes the device the thread's current one. */
    public Launch(Gpu gpu, MemorySegment stream) {
        StackGuard.requireForRun();
        this.gpu = gpu;
        this.stream = stream;
        this.inUse = gpu.use();
    }

    /**
     * Announces memory that the work will use, and makes the stream wait for its users; null for
     * memory without.
     */
    public void uses(MemoryUses uses) {
        if (uses != null) {
            uses.begin(gpu, stream);
            memory.add(uses);
        }
    }

    /** Marks the end of the work, all of which has been submitted. */
    public void done() {
        try {
            point = StreamPoint.record(gpu, stream);
        } catch (NativeException e) {
            // Without a mark, later uses of the memory could not wait for the work.
            Closeables.closeAfter(e, () -> gpu.api().synchronizeStream(stream));
            throw e;
        }
    }

    /** Marks the end of work of which only a part may have been submitted. */
    public void failed(Throwable failure) {
        Closeables.closeAfter(failure, this::done);
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
