package io.github.aoti4j.internal.constants;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

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
    private final AtomicLong users = new AtomicLong(1);

    /**
     * Makes a set with one user: the caller.
     *
     * @param bound by FQN; owned by this from now on
     * @param base the set that has what {@code bound} lacks, one use of which is this one's from
     *     now on; null if nothing is lacking
     */
    ConstantSet(Map<String, BoundConstant> bound, ConstantSet base, Runnable whenUnused) {
        this.bound = Map.copyOf(bound);
        this.base = base;
        this.whenUnused = whenUnused;
    }

    Map<String, BoundConstant> bound() {
        return bound;
    }

    /** Adds a user; only a user may do so. */
    ConstantSet retain() {
        users.incrementAndGet();
        return this;
    }

    /** Lets go; the last one frees the set. */
    public void release() {
        if (users.decrementAndGet() == 0) {
            try {
                releaseAll(bound.values());
                if (base != null) {
                    base.release();
                }
            } finally {
                whenUnused.run();
            }
        }
    }

    boolean isUnused() {
        return users.get() == 0;
    }

    /** The same as {@link #release}, for who shares a set. */
    @Override
    public void close() {
        release();
    }

    static void releaseAll(Collection<BoundConstant> constants) {
        RuntimeException failure = null;
        for (BoundConstant constant : constants) {
            try {
                constant.release();
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
