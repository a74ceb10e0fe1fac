package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.os.Threads;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.internal.preflight.CpuFeatures;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Loads, on a thread of its own, the classes that a first load and run need, while the JVM links
 * the first native call and nothing else can begin.
 *
 * <p>Their names are in {@code first-classes.txt}: those that {@code -Xlog:class+load} lists for a
 * process that loads the digits model and runs it.
 */
public final class FirstClasses implements Runnable {
    private FirstClasses() {}

    /** Returns what starts the thread, and fails in no case; null if nothing should. */
    public static Runnable of(LoadSettings settings) {
        boolean builtIn = settings.engine.isEmpty() || settings.engine.get() != Engine.LIBTORCH;
        return builtIn && Runtime.getRuntime().availableProcessors() > 1 ? new Starter() : null;
    }

    /** No lambda: it is made where the stack may end. */
    private static final class Starter implements Runnable {
        @Override
        public void run() {
            try {
                Thread _ = Threads.daemon("aoti4j classes").start(new FirstClasses());
            } catch (OutOfMemoryError _) {
                // No memory for a thread: the classes are loaded where they are needed.
            }
        }
    }

    @Override
    public void run() {
        try {
            boolean _ = System.getLogger("io.github.aoti4j").isLoggable(System.Logger.Level.DEBUG);
            CpuFeatures _ = CpuFeatures.current();
            for (String name : names()) {
                load(name);
            }
        } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError _) {
            // Who needs a class loads it, or fails with the same.
        }
    }

    private static void load(String name) {
        try {
            Class<?> _ = Class.forName(name, false, FirstClasses.class.getClassLoader());
        } catch (ClassNotFoundException _) {
            // It has another name by now.
        }
    }

    static String[] names() throws IOException {
        try (InputStream in = FirstClasses.class.getResourceAsStream("first-classes.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip().split("\n", -1);
        }
    }
}
