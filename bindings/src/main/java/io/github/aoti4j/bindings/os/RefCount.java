package io.github.aoti4j.bindings.os;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the users of something that is freed once: when it has been closed and the last user is
 * gone. Unlike {@link RefCounted} it refuses users after close. Thread-safe; each method is one or
 * two atomic instructions.
 */
public final class RefCount {
    private static final long CLOSED = Long.MIN_VALUE;

    /** So far below that no users bring it back. */
    private static final long FREED = CLOSED / 2;

    /** The number of users; {@link #CLOSED} is added once, by close. */
    private final AtomicLong users = new AtomicLong();

    /** Adds a user. Returns false if this is closed; {@link #leave} must be called all the same. */
    public boolean enter() {
        return users.incrementAndGet() > 0;
    }

    /** Takes a user away. Returns whether the caller is to free what is used. */
    public boolean leave() {
        return users.decrementAndGet() == CLOSED && mayFree();
    }

    /** Refuses users from now on. Returns whether the caller is to free what is used. */
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
