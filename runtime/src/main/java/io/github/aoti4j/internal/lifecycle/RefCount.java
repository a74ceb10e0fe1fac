package io.github.aoti4j.internal.lifecycle;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Who uses something that is closed once and freed once: when it has been closed and the last user
 * is gone. Thread-safe; each method is one or two atomic instructions.
 */
public final class RefCount {
    private static final long CLOSED = Long.MIN_VALUE;

    /** So far below that no users bring it back. */
    private static final long FREED = CLOSED / 2;

    /** The number of users; {@link #CLOSED} is added once, by close. */
    private final AtomicLong users = new AtomicLong();

    /** Adds a user; false if this is closed; it has to {@link #leave} all the same. */
    public boolean enter() {
        return users.incrementAndGet() > 0;
    }

    /** Takes a user away. Returns whether the caller is to free what is used. */
    public boolean leave() {
        return users.decrementAndGet() == CLOSED && mayFree();
    }

    /**
     * Lets no user in any more. Further calls do nothing. Returns whether the caller is to free
     * what is used.
     */
    public boolean close() {
        long before = users.getAndUpdate(n -> n < 0 ? n : n + CLOSED);
        return before == 0 && mayFree();
    }

    /** Returns whether {@link #close} has been called. */
    public boolean isClosed() {
        return users.get() < 0;
    }

    /** A refused user passes through the same number; only one may free. */
    private boolean mayFree() {
        return users.compareAndSet(CLOSED, FREED);
    }
}
