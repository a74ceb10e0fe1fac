package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.model.KeepAlive;
import io.github.aoti4j.bindings.os.Threads;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.internal.builtin.BuiltInEngine;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Prepares on a thread of its own, while the first package is read, what its model will need:
 * linking native calls takes a fifth of a first load. Whoever needs something before it is ready
 * waits for it, or prepares it.
 */
final class FirstLoad implements Runnable {
    private static final AtomicBoolean BEGUN = new AtomicBoolean();

    private FirstLoad() {}

    static void prepare(LoadSettings settings) {
        if (Runtime.getRuntime().availableProcessors() > 1
                && EngineChoice.wanted(settings) != Engine.LIBTORCH
                && BEGUN.compareAndSet(false, true)) {
            Thread _ = Threads.daemon("aoti4j preparation").start(new FirstLoad());
        }
    }

    @Override
    public void run() {
        try {
            boolean _ = System.getLogger("io.github.aoti4j").isLoggable(System.Logger.Level.DEBUG);
            BuiltInEngine.prepare();
            KeepAlive.prepare();
        } catch (RuntimeException | LinkageError _) {
            // Who needs it fails with the same.
        }
    }
}
