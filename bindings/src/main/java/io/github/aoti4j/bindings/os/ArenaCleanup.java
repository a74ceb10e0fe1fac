package io.github.aoti4j.bindings.os;

import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Runs what an arena's close is to free, if the closing thread has the stack for it; otherwise
 * leaves it to the next cleanup that has.
 *
 * <p>An {@code Error} in a cleanup action makes the JDK skip all others of the arena, so an action
 * must not begin what it cannot finish. Thread-safe.
 */
public final class ArenaCleanup {
    private static final ConcurrentLinkedQueue<Runnable> POSTPONED = new ConcurrentLinkedQueue<>();

    private ArenaCleanup() {}

    /** Runs an action, which any thread may run, now or, where the stack ends, later. */
    public static void run(Runnable action) {
        if (!StackGuard.hasRoomForClose()) {
            POSTPONED.add(action);
            return;
        }
        try {
            action.run();
        } finally {
            runPostponed();
        }
    }

    /** Runs what was postponed, where there is stack for it. */
    public static void runPostponed() {
        Runnable action = POSTPONED.poll();
        while (action != null) {
            action.run();
            action = POSTPONED.poll();
        }
    }
}
