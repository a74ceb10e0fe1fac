package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Which work of which streams may still read or write some memory. Work on another stream waits for
 * it, and so does whoever frees the memory. Thread-safe.
 *
 * <p>Work is announced before it is given to a stream ({@link #begin}) and marked after that
 * ({@link #end}); freeing in between waits for the mark.
 */
public final class MemoryUses {
    /** The stream in whose order the memory is used again after it has been freed, or null. */
    private final Gpu homeGpu;

    private final long home;

    /** The latest work on it, at most one for each stream. */
    private final List<StreamPoint> points = new ArrayList<>(2);

    private int beginning;

    /** Whether the memory is gone: nobody waits for work any more. */
    private boolean closed;

    private MemoryUses(Gpu homeGpu, long home) {
        this.homeGpu = homeGpu;
        this.home = home;
    }

    /**
     * Watches over memory that PyTorch's allocator has given out for a stream. Freed, it goes to
     * later work of that stream, so that work of that stream need not be waited for.
     */
    public static MemoryUses ofStream(Gpu gpu, MemorySegment stream) {
        return new MemoryUses(gpu, stream.address());
    }

    /** Watches over memory that may be used for anything as soon as it is free. */
    public static MemoryUses ofNoStream() {
        return new MemoryUses(null, 0);
    }

    /**
     * Announces work, and lets its stream wait for the work of other streams.
     *
     * @throws NativeException if CUDA fails; nothing is announced then
     */
    public synchronized void begin(Gpu gpu, MemorySegment stream) {
        for (StreamPoint point : points) {
            if (!point.isOn(gpu, stream.address())) {
                point.letWait(stream);
            }
        }
        beginning++;
    }

    /**
     * Ends what {@link #begin} announced.
     *
     * @param point behind the work, which stays the caller's; null if there is none after all
     */
    public synchronized void end(Gpu gpu, MemorySegment stream, StreamPoint point) {
        try {
            if (point != null && !closed) {
                StreamPoint before = null;
                for (int i = 0; i < points.size() && before == null; i++) {
                    if (points.get(i).isOn(gpu, stream.address())) {
                        before = points.set(i, point.retain());
                    }
                }
                if (before == null) {
                    points.add(point.retain());
                } else {
                    before.close();
                }
            }
        } finally {
            beginning--;
            notifyAll();
        }
    }

    /**
     * Waits until all work on the memory is done, for who is about to read or write it here.
     *
     * @throws NativeException if the work has failed
     */
    public synchronized void await() {
        awaitBeginning();
        for (StreamPoint point : points) {
            point.await();
        }
    }

    /**
     * Waits until the memory can be freed, and forgets all work on it.
     *
     * @throws NativeException if the work has failed; it can be freed all the same
     */
    public synchronized void close() {
        closed = true;
        awaitBeginning();
        List<AutoCloseable> steps = new ArrayList<>();
        for (StreamPoint point : points) {
            if (homeGpu == null || !point.isOn(homeGpu, home)) {
                steps.add(point::await);
            }
            steps.add(point);
        }
        points.clear();
        Closeables.closeAll(steps);
    }

    /** Forgets all work on memory that is somebody else's to free, and waits for none. */
    public synchronized void forget() {
        List<StreamPoint> forgotten = List.copyOf(points);
        points.clear();
        Closeables.closeAll(forgotten);
    }

    /** Takes microseconds: another thread is about to have given its work to a stream. */
    private void awaitBeginning() {
        boolean interrupted = false;
        while (beginning > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
