package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.stub.RunThreads;

/**
 * A thread's pool. A run that follows one with the same pool writes no reference, which the
 * collector would have to be told of.
 */
final class CurrentPool {
    /** Bytes of unused cache lines beside what runs write. */
    private static final int PADDING = 128;

    final long threadId = Thread.currentThread().threadId();

    /** Where machine code reads which shelf to use; 0 if it uses none on this thread. */
    private final long place = Thread.currentThread().isVirtual() ? 0 : RunThreads.claim();

    private Pool pool;

    /** Whether there is a pool, apart from what other threads write. */
    private final boolean[] active = new boolean[2 * PADDING];

    Pool get() {
        return active[PADDING] ? pool : null;
    }

    @SuppressWarnings("ReferenceEquality")
    void set(Pool next) {
        active[PADDING] = next != null;
        if (next != null && pool != next) {
            pool = next;
        }
        if (place != 0) {
            Raw.setLong(place, next == null ? 0 : next.shelf());
        }
    }

    /** Returns whether machine code uses the shelf of this thread's pool. */
    boolean usesShelf() {
        return place != 0;
    }
}
