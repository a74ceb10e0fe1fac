package io.github.aoti4j.bindings.os;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something to be closed that several users share: the last one to release it closes it.
 * Thread-safe.
 *
 * @param <T> what is shared; its close throws nothing checked
 */
public final class RefCounted<T extends AutoCloseable> {
    private final T value;
    private final AtomicInteger users = new AtomicInteger(1);

    /** Starts with one user: the caller. */
    public RefCounted(T value) {
        this.value = value;
    }

    public T value() {
        return value;
    }

    /** Adds a user; only a user may do so. */
    public RefCounted<T> retain() {
        users.incrementAndGet();
        return this;
    }

    /**
     * Takes a user away; the last one closes the value. If that fails, the user is one still, and
     * may try again.
     */
    public void release() {
        if (users.decrementAndGet() == 0) {
            try {
                Closeables.closeAll(value);
            } catch (Throwable e) {
                users.set(1);
                throw e;
            }
        }
    }
}
