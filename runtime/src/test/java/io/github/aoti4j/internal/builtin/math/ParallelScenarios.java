package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.blas.OpenMp;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/** What {@link ParallelTest} does in processes of their own, each a method by name. */
public final class ParallelScenarios {
    private ParallelScenarios() {}

    /** Runs the scenario of the first argument; the second is how many threads there are to be. */
    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        require(OpenMp.isThere(), "there is no libgomp");
        require(Parallel.threads() == threads, "threads: " + Parallel.threads());
        switch (args[0]) {
            case "tasks" -> tasks(threads);
            case "failure" -> failure(threads);
            case "nesting" -> nesting(threads);
            case "callers" -> callers(threads);
            case "smallStack" -> smallStack();
            case "exit" -> {
                meet(threads);
                System.exit(7);
            }
            case "classLoader" -> classLoader(threads);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Runs as many tasks as there are threads, which wait for each other. */
    private static Set<Thread> meet(int threads) {
        Set<Thread> met = ConcurrentHashMap.newKeySet();
        CyclicBarrier barrier = new CyclicBarrier(threads);
        Parallel.run(threads, _ -> await(barrier, met));
        require(met.size() == threads, "met: " + met);
        return met;
    }

    private static void await(CyclicBarrier barrier, Set<Thread> met) {
        met.add(Thread.currentThread());
        try {
            barrier.await(1, TimeUnit.MINUTES);
        } catch (Exception e) {
            throw new AssertionError("the threads do not run at the same time", e);
        }
    }

    private static void tasks(int threads) {
        Set<Thread> first = meet(threads);
        require(first.contains(Thread.currentThread()), "the caller does nothing");
        require(
                first.stream().allMatch(t -> t.equals(Thread.currentThread()) || t.isDaemon()),
                "threads that keep the process alive");
        require(first.equals(meet(threads)), "other threads in the next region");
        for (int count : new int[] {0, 1, 2, 3, threads, threads + 1, 10_000}) {
            requireEachOnce(count);
        }
    }

    private static void requireEachOnce(int count) {
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        Parallel.run(count, task -> runs.incrementAndGet((int) task));
        for (int i = 0; i < count; i++) {
            require(runs.get(i) == 1, "task %d of %d: %d".formatted(i, count, runs.get(i)));
        }
    }

    private static void failure(int threads) {
        Thread caller = Thread.currentThread();
        for (boolean inCaller : new boolean[] {true, threads == 1}) {
            CyclicBarrier barrier = new CyclicBarrier(threads);
            Error error = new Error("on purpose");
            Throwable thrown = null;
            try {
                Parallel.run(
                        threads,
                        _ -> {
                            await(barrier, ConcurrentHashMap.newKeySet());
                            if (inCaller == Thread.currentThread().equals(caller)) {
                                throw error;
                            }
                        });
            } catch (Error e) {
                thrown = e;
            }
            require(error.equals(thrown), "thrown: " + thrown);
            requireEachOnce(100);
        }
        AtomicLong begun = new AtomicLong();
        try {
            Parallel.run(1L << 40, _ -> failAt(begun.incrementAndGet(), 1000));
            throw new AssertionError("nothing is thrown");
        } catch (IllegalStateException e) {
            require(begun.get() < 1000 + threads, "tasks after a failure: " + begun);
        }
    }

    private static void failAt(long number, long last) {
        if (number >= last) {
            throw new IllegalStateException();
        }
    }

    private static void nesting(int threads) {
        AtomicLong inner = new AtomicLong();
        Parallel.run(
                threads * 3L,
                _ -> {
                    Thread outer = Thread.currentThread();
                    require(threads == 1 || Parallel.threads() == 1, "nested regions have threads");
                    Parallel.run(
                            5,
                            task -> {
                                require(
                                        Thread.currentThread().equals(outer),
                                        "nested on other threads");
                                inner.addAndGet(task);
                            });
                });
        require(inner.get() == threads * 30L, "inner tasks: " + inner);
    }

    /** Platform and virtual threads, more than there are regions. */
    private static void callers(int threads) throws InterruptedException {
        List<Thread> callers = new ArrayList<>();
        AtomicLong sum = new AtomicLong();
        for (int i = 0; i < 300; i++) {
            Thread.Builder builder = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            callers.add(
                    builder.start(
                            () -> {
                                for (int r = 0; r < 20; r++) {
                                    Parallel.run(10L * threads, sum::addAndGet);
                                }
                            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        long tasks = 10L * threads;
        require(sum.get() == 300 * 20 * tasks * (tasks - 1) / 2, "tasks were lost");
        for (int i = 0; i < 1000; i++) {
            requireEachOnce(3);
        }
    }

    private static void smallStack() throws InterruptedException {
        Set<Thread> ran = ConcurrentHashMap.newKeySet();
        Thread caller =
                new Thread(
                        null,
                        () -> Parallel.run(1000, _ -> ran.add(Thread.currentThread())),
                        "small",
                        192 << 10);
        caller.start();
        caller.join();
        require(ran.equals(Set.of(caller)), "ran in " + ran);
    }

    /** Called in class loaders of their own. */
    public static void meetIn(int threads) {
        Set<Thread> _ = meet(threads);
    }

    /** The thread that has used the classes lives on, and so do the threads that helped it. */
    private static void classLoader(int threads) throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            loaders.add(useOther(threads));
        }
        for (int i = 0; i < 200 && loaders.stream().anyMatch(l -> l.get() != null); i++) {
            System.gc();
            Thread.sleep(20);
        }
        require(loaders.stream().allMatch(l -> l.get() == null), "class loaders stay");
        Set<Thread> _ = meet(threads);
    }

    private static WeakReference<ClassLoader> useOther(int threads) throws Exception {
        List<URL> path = new ArrayList<>();
        for (String element : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            path.add(new File(element).toURI().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(
                        path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            loader.loadClass(ParallelScenarios.class.getName())
                    .getMethod("meetIn", int.class)
                    .invoke(null, threads);
            return new WeakReference<>(loader);
        }
    }
}
