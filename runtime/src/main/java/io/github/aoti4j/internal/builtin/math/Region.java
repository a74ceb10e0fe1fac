package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.os.Errno;

import java.util.concurrent.atomic.AtomicLong;

/** The tasks of one call of {@link Parallel#run}. */
final class Region {
    private final AtomicLong next = new AtomicLong();
    private long tasks;
    private Parallel.Body body;
    private volatile Throwable failure;

    void begin(long count, Parallel.Body tasksBody) {
        tasks = count;
        body = tasksBody;
        next.set(0);
    }

    /** Forgets the tasks, when no thread is at them any more. */
    void end() {
        body = null;
        failure = null;
    }

    /** Runs tasks until there are none left; keeps what they throw. */
    void work() {
        try {
            long task = next.getAndIncrement();
            while (task < tasks) {
                body.run(task);
                task = next.getAndIncrement();
            }
        } catch (Throwable e) {
            // If there are several failures any will do.
            failure = e;
            next.set(tasks);
        }
    }

    void requireSuccess() {
        if (failure != null) {
            throw Errno.rethrown(failure);
        }
    }
}
