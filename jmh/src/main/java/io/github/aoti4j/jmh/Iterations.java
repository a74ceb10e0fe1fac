package io.github.aoti4j.jmh;

import java.util.Arrays;

/**
 * Times runs in a process of its own, after a warm-up: each iteration prints a line {@code ns
 * NUMBER}, the median of its samples. A sample is one run, or as many as take 50 µs, so that the
 * clock costs nothing and a run that another process interrupted changes no median.
 *
 * @param warmUpMillis at least two runs are made
 */
public record Iterations(int warmUpMillis, int count, int millis) {
    private static final long SAMPLE_NANOS = 50_000;

    /** What is timed. */
    @FunctionalInterface
    public interface Run {
        void run() throws Exception;
    }

    /** Reads the last three arguments of a program. */
    public static Iterations of(String... args) {
        int at = args.length - 3;
        return new Iterations(
                Integer.parseInt(args[at]),
                Integer.parseInt(args[at + 1]),
                Integer.parseInt(args[at + 2]));
    }

    /** Measures and prints. */
    public void print(Run run) throws Exception {
        int batch = 1;
        for (long end = System.nanoTime() + warmUpMillis * 1_000_000L, runs = 0;
                runs < 2 || System.nanoTime() - end < 0;
                runs++) {
            batch = (int) Math.max(1, SAMPLE_NANOS / Math.max(1, nanos(run, batch)));
        }
        for (int i = 0; i < count; i++) {
            long[] samples = new long[1024];
            int taken = 0;
            for (long end = System.nanoTime() + millis * 1_000_000L;
                    taken == 0 || System.nanoTime() - end < 0; ) {
                if (taken == samples.length) {
                    samples = Arrays.copyOf(samples, 2 * taken);
                }
                samples[taken++] = nanos(run, batch);
            }
            Arrays.sort(samples, 0, taken);
            System.out.println("ns " + samples[taken / 2]);
        }
    }

    /** Returns the mean time of a run among {@code batch}. */
    private static long nanos(Run run, int batch) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < batch; i++) {
            run.run();
        }
        return (System.nanoTime() - start) / batch;
    }
}
