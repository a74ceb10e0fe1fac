package io.github.aoti4j.internal.lifecycle;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something to be closed that several users share: the last one to let go closes it. Thread-safe.
 */
public final class RefCounted<T extends AutoCloseable> {
    private final T value;
    private final AtomicInteger users = new AtomicInteger(1);

    /** Starts with one user: the caller. */
    public RefCounted(T value) {
        this.value = value;
    }

    T value() {
        return value;
    }

    /** Adds a user; only a user may do so. */
    public RefCounted<T> retain() {
        users.incrementAndGet();
        return this;
    }

    /** Lets go. */
    public void release() {
        if (users.decrementAndGet() == 0) {
            try {
                value.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(
                        "what is shared here closes without checked exceptions", e);
            }
        }
    }
}
