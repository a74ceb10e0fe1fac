package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a second thread gains, in one process: rounds of one thread, the other one, and both, each
 * with a runner of one model with {@code runners(2)}. Times are processor time of the thread, so
 * that other work on the machine does not count.
 *
 * <p>What two threads share costs most where their cores share no cache, and a virtual machine may
 * change its cores from second to second: each round therefore also tells how long a cache line
 * takes to the other core and back.
 *
 * <pre>{@code
 * java --enable-native-access=ALL-UNNAMED -cp "jmh/target/app/*" \
 *     io.github.aoti4j.jmh.ScalingFigures BUILT_IN_CONCURRENT ADD_ONE MLP_8
 * }</pre>
 */
public final class ScalingFigures {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = 12;
    private static final long WARM_UP_NANOS = 1_500_000_000L;
    private static final long WINDOW_NANOS = 60_000_000L;
    private static final int BALLS = 20_000;

    private final Model model;
    private final Workload workload;
    private final CyclicBarrier barrier = new CyclicBarrier(2);
    private final AtomicLong ball = new AtomicLong();
    private final double[] alone = new double[2];
    private final double[] together = new double[2];

    private ScalingFigures(Model model, Workload workload) {
        this.model = model;
        this.workload = workload;
    }

    /** Takes an {@link Entry} and {@link Workload}s. */
    public static void main(String[] args) throws Exception {
        Entry entry = Entry.valueOf(args[0]);
        for (String name : Arrays.asList(args).subList(1, args.length)) {
            Workload workload = Workload.valueOf(name);
            System.out.printf(
                    "%s, %s: ns alone -> ns of two at once, gain; ns of a cache line's way%n",
                    workload, entry);
            try (Model model = Model.load(workload.packageFile(), entry.options())) {
                new ScalingFigures(model, workload).measure();
            }
        }
    }

    private void measure() throws Exception {
        var second = new Thread(() -> rounds(1));
        second.start();
        rounds(0);
        second.join();
    }

    private void rounds(int thread) {
        GoldenCall call = GoldenCall.of(workload);
        try (Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(call.tensors(arena))) {
            run(runner, WARM_UP_NANOS);
            for (int round = 0; round < ROUNDS; round++) {
                for (int turn = 0; turn < 2; turn++) {
                    barrier.await();
                    if (turn == thread) {
                        alone[thread] = run(runner, WINDOW_NANOS);
                    }
                }
                barrier.await();
                together[thread] = run(runner, WINDOW_NANOS);
                barrier.await();
                double way = thread == 0 ? serve() : answer();
                barrier.await();
                if (thread == 0) {
                    print(way);
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException("thread " + thread + " failed", e);
        }
    }

    private void print(double way) {
        System.out.printf(
                "%.0f %.0f -> %.0f %.0f, %.2f; %.0f%n",
                alone[0],
                alone[1],
                together[0],
                together[1],
                alone[0] / together[0] + alone[1] / together[1],
                way);
    }

    /** Returns how many nanoseconds of the processor a run took. */
    private static double run(Runner runner, long nanos) {
        long end = System.nanoTime() + nanos;
        long start = THREADS.getCurrentThreadCpuTime();
        long runs = 0;
        while (System.nanoTime() < end) {
            for (int i = 0; i < 100; i++) {
                runner.run();
            }
            runs += 100;
        }
        return (THREADS.getCurrentThreadCpuTime() - start) / (double) runs;
    }

    private double serve() {
        ball.set(0);
        long start = THREADS.getCurrentThreadCpuTime();
        for (long i = 0; i < BALLS; i++) {
            ball.set(2 * i + 1);
            while (ball.get() != 2 * i + 2) {
                Thread.onSpinWait();
            }
        }
        return (THREADS.getCurrentThreadCpuTime() - start) / (2.0 * BALLS);
    }

    private double answer() {
        for (long i = 0; i < BALLS; i++) {
            while (ball.get() != 2 * i + 1) {
                Thread.onSpinWait();
            }
            ball.set(2 * i + 2);
        }
        return 0;
    }
}
