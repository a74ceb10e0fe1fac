package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.os.Closeables;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Which work of which streams may still read or write some memory: work on other streams and
 * freeing wait for it. Thread-safe.
 *
 * <p>Work is announced before it is submitted to a stream ({@link #begin}) and marked after that
 * ({@link #end}); freeing in between waits for the mark.
 */
public final class MemoryUses {
    /** The stream in whose order the memory is used again after it has been freed, or null. */
    private final Gpu homeGpu;

    private final long home;

    /** The latest work on it, at most one for each stream. */
    private final List<StreamPoint> points = new ArrayList<>(2);

    private int beginning;

    /** Whether the memory is freed. */
    private boolean closed;

    private MemoryUses(Gpu homeGpu, long home) {
        this.homeGpu = homeGpu;
        this.home = home;
    }

    /**
     * Tracks memory that PyTorch's allocator has allocated for a stream: once freed, it goes to
     * later work of that stream, for which freeing need not wait.
     */
    public static MemoryUses ofStream(Gpu gpu, MemorySegment stream) {
        return new MemoryUses(gpu, stream.address());
    }

    /** Tracks memory that may be used for anything once it is free. */
    public static MemoryUses ofNoStream() {
        return new MemoryUses(null, 0);
    }

    /**
     * Announces work, and makes its stream wait for the work of other streams; on failure nothing
     * is announced.
     */
    public synchronized void begin(Gpu gpu, MemorySegment stream) {
        for (StreamPoint point : points) {
            if (!point.isOn(gpu, stream.address())) {
                point.makeWait(stream);
            }
        }
        beginning++;
    }

    /**
     * Ends what {@link #begin} announced; the point behind the work stays the caller's, and is null
     * if there was no work after all.
     */
    public synchronized void end(Gpu gpu, MemorySegment stream, StreamPoint point) {
        try {
            if (point == null || closed) {
                return;
            }
            for (int i = 0; i < points.size(); i++) {
                if (points.get(i).isOn(gpu, stream.address())) {
                    points.set(i, point.retain()).close();
                    return;
                }
            }
            points.add(point.retain());
        } finally {
            beginning--;
            notifyAll();
        }
    }

    /** Waits for all work on the memory, before Java reads or writes it. */
    public synchronized void await() {
        awaitBeginning();
        for (StreamPoint point : points) {
            point.await();
        }
    }

    /**
     * Waits until the memory can be freed, also if its work has failed, and forgets all work on it.
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

    /** Forgets all work on memory that this library does not free, without waiting. */
    public synchronized void forget() {
        List<StreamPoint> forgotten = List.copyOf(points);
        points.clear();
        Closeables.closeAll(forgotten);
    }

    /** Waits for microseconds: another thread is submitting its work. */
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
