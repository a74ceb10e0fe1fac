package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCounted;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One set of values for a model's constants. Freed when the container has moved on to another set
 * and the last run and the last output that may look into it are gone. Thread-safe.
 */
public final class ConstantSet implements AutoCloseable {
    private final Map<String, BoundConstant> bound;
    private final ConstantSet base;
    private final Runnable whenUnused;

    /**
     * Runs in flight, outputs alive, sets that carry values over, and the store while it is the
     * current one.
     */
    private final RefCounted<AutoCloseable> users = new RefCounted<>(this::free);

    private volatile boolean freed;

    /**
     * Makes a set with one user: the caller.
     *
     * @param bound by FQN; owned by this from now on
     * @param base the set that has what {@code bound} lacks, one use of which is this one's from
     *     now on; null if nothing is lacking
     */
    public ConstantSet(Map<String, BoundConstant> bound, ConstantSet base, Runnable whenUnused) {
        this.bound = Map.copyOf(bound);
        this.base = base;
        this.whenUnused = whenUnused;
    }

    Map<String, BoundConstant> bound() {
        return bound;
    }

    /** Adds a user; only a user may do so. */
    ConstantSet retain() {
        users.retain();
        return this;
    }

    /** Lets go; the last one frees the set. */
    public void release() {
        users.release();
    }

    private void free() {
        freed = true;
        List<AutoCloseable> parts = new ArrayList<>(bound.values());
        parts.add(base);
        parts.add(whenUnused::run);
        Closeables.closeAll(parts);
    }

    public boolean isUnused() {
        return freed;
    }

    /** The same as {@link #release}, for those that share a set. */
    @Override
    public void close() {
        release();
    }
}
