package io.github.aoti4j.stress.soak;

import io.github.aoti4j.Vitals;
import io.github.aoti4j.stress.soak.SoakTasks.Task;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;

/**
 * Four threads load, run, swap constants, replace and close models, and check each answer; every
 * now and then they pause, and it is noted what the process has of the system. In the end that must
 * not have grown: the second quarter of the time is compared with the last, since in the first one
 * pools fill, classes are loaded and code is compiled.
 *
 * <p>{@code Soak MINUTES [SEED]}; 0 minutes are four rounds of a few tasks, which only tell whether
 * the soak itself works. Exit code 1 and a stack trace if an answer was wrong or something grew.
 */
final class Soak {
    private static final int THREADS = 4;
    private static final int ROUNDS = 60;
    private static final int SHORT_ROUNDS = 4;
    private static final int SHORT_TASKS = 12;
    private static final long MIB = 1 << 20;

    private final List<Vitals> samples = new ArrayList<>();
    private final long seed;

    private Soak(long seed) {
        this.seed = seed;
    }

    public static void main(String[] args) {
        try {
            soak(args);
        } catch (Throwable e) {
            // The other stream is full of what libtorch says of the operators that fail.
            e.printStackTrace(System.out);
            System.exit(1);
        }
    }

    private static void soak(String... args) throws Exception {
        double minutes = Double.parseDouble(args[0]);
        var soak = new Soak(args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime());
        System.out.println("seed " + soak.seed);
        try (var tasks = new SoakTasks()) {
            if (minutes == 0) {
                soak.brieflyWith(tasks);
            } else {
                soak.longWith(tasks, minutes);
            }
            System.out.printf(
                    "%d runs, %d loads, %d swaps, %d refusals or failures as expected%n",
                    tasks.runs.sum(), tasks.loads.sum(), tasks.swaps.sum(), tasks.refusals.sum());
            if (minutes > 0) {
                // What others leak is known to a per cent or two.
                soak.judge(MIB + tasks.leakedByPyTorch.sum() / 50);
            }
        }
    }

    private void brieflyWith(SoakTasks tasks) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
            for (int round = 0; round < SHORT_ROUNDS; round++) {
                int[] left = new int[THREADS];
                round(pool, tasks, round, thread -> left[thread]++ < SHORT_TASKS);
                samples.add(Vitals.settled());
            }
        }
    }

    private void longWith(SoakTasks tasks, double minutes) throws Exception {
        long roundNanos = (long) (minutes * TimeUnit.MINUTES.toNanos(1) / ROUNDS);
        try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                BooleanSupplier goesOn = () -> System.nanoTime() - start < roundNanos;
                round(pool, tasks, round, _ -> goesOn.getAsBoolean());
                samples.add(Vitals.settled().without(tasks.leakedByPyTorch.sum()));
                System.out.printf(
                        "%d runs, %d loads, %d bytes leaked by PyTorch, without which: %s%n",
                        tasks.runs.sum(),
                        tasks.loads.sum(),
                        tasks.leakedByPyTorch.sum(),
                        samples.getLast());
            }
        }
    }

    /** Whether a thread goes on. */
    private interface Go {
        boolean on(int thread);
    }

    private void round(ExecutorService pool, SoakTasks tasks, int round, Go go) throws Exception {
        List<Future<?>> threads = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int number = thread;
            threads.add(
                    pool.submit(
                            () -> {
                                var random = new Random(seed + (long) round * THREADS + number);
                                List<Task> all = tasks.all();
                                while (go.on(number)) {
                                    all.get(random.nextInt(all.size())).run(random);
                                }
                                return null;
                            }));
        }
        for (Future<?> thread : threads) {
            thread.get();
        }
    }

    private void judge(long bytes) {
        boolean flat = true;
        flat &= isFlat("malloc in use", Vitals::nativeBytes, bytes);
        flat &= isFlat("RssAnon", Vitals::anonymousBytes, bytes + 4 * MIB);
        flat &= isFlat("mappings", Vitals::mappings, 32);
        flat &= isFlat("descriptors", Vitals::descriptors, 0);
        flat &= isFlat("threads", Vitals::threads, 0);
        if (!flat) {
            throw new AssertionError("something has grown");
        }
    }

    private boolean isFlat(String what, ToLongFunction<Vitals> of, long tolerance) {
        long[] medians = new long[4];
        int quarter = samples.size() / 4;
        for (int q = 0; q < 4; q++) {
            long[] values =
                    samples.subList(q * quarter, (q + 1) * quarter).stream()
                            .mapToLong(of)
                            .sorted()
                            .toArray();
            medians[q] = values[values.length / 2];
        }
        boolean flat = medians[3] - medians[1] <= tolerance;
        System.out.printf(
                "%-14s by quarters: %d %d %d %d%s%n",
                what, medians[0], medians[1], medians[2], medians[3], flat ? "" : "  GROWS");
        return flat;
    }
}
