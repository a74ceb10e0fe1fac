package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.invoke.MethodType.methodType;

import io.github.aoti4j.bindings.blas.OpenMp;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.bindings.os.WeakUpcall;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;

/**
 * Shares independent tasks out among the threads on which the models' kernels run.
 *
 * <p>Threads of another pool would compete with them for the processors: both kinds spin for a
 * while after their work. libgomp's threads are known to the JVM from their first task on, as
 * daemons, until they end.
 *
 * <p>Thread-safe.
 */
final class Parallel {
    /** Runs a task. May not call {@link #run} with itself, nor keep anything of the thread. */
    @FunctionalInterface
    interface Body {
        /**
         * Runs one of the tasks, at the same time as others.
         *
         * @param task its number, from 0
         */
        void run(long task);
    }

    /**
     * With less a task might end the stack where only the JVM could catch the error, and ends the
     * process: below a native function.
     */
    private static final long ENOUGH_STACK = 256 << 10;

    private Parallel() {}

    /** Set up with the first region. */
    private static final class Entry {
        static final WeakUpcall FUNCTION = function();

        private static WeakUpcall function() {
            try {
                return new WeakUpcall(
                        MethodHandles.lookup()
                                .findStatic(
                                        Entry.class, "enter", methodType(void.class, long.class)),
                        FunctionDescriptor.ofVoid(JAVA_LONG));
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(e.getMessage(), e);
            }
        }

        /** Called on each thread of a region; may not throw. */
        @SuppressWarnings("UnusedMethod") // called by C
        private static void enter(long region) {
            Regions.at((int) region).work();
        }
    }

    /**
     * Makes this class ready, but for the function of regions: that is linked with the first one,
     * which has stack enough for it, and most small models have none.
     */
    static void prepare() {
        int _ = threads();
    }

    /** Returns how many tasks can be run at the same time by this thread. */
    static int threads() {
        return canShare() ? OpenMp.maxThreads() : 1;
    }

    private static boolean canShare() {
        return StackGuard.left() >= ENOUGH_STACK
                && OpenMp.isThere()
                && OpenMp.canRunJava()
                && !OpenMp.inParallel();
    }

    /**
     * Runs tasks, and returns when all have ended. In a task it runs its tasks one after the other.
     *
     * @throws RuntimeException what a task has thrown, also an {@code Error}; tasks that had not
     *     begun by then are left out
     */
    static void run(long tasks, Body body) {
        int threads = tasks < 2 ? 1 : threads();
        int region = threads < 2 ? Regions.NONE : Regions.take();
        if (region == Regions.NONE) {
            for (long task = 0; task < tasks; task++) {
                body.run(task);
            }
            return;
        }
        Region tasksOfRegion = Regions.at(region);
        try {
            tasksOfRegion.begin(tasks, body);
            OpenMp.parallel(Entry.FUNCTION.address().address(), region, threads);
            tasksOfRegion.requireSuccess();
        } finally {
            tasksOfRegion.end();
            Regions.give(region);
        }
    }
}
