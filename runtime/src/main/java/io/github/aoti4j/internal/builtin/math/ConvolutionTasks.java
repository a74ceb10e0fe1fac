package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BLOCKS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IMAGES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.NEXT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.SCRATCH;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.SCRATCH_BYTES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.set;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.internal.builtin.tensor.Memory;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** Shares the blocks of a convolution out. Kept and used again by a thread. */
final class ConvolutionTasks implements Parallel.Body {
    private static final PerThread<ConvolutionTasks> TASKS = new PerThread<>(ConvolutionTasks::new);
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    /** With fewer multiplications (some 20 microseconds) threads cost more than they save. */
    private static final double SHARED = 1 << 19;

    private long plan;

    /** One for each thread. */
    private Depthwise[] depthwise = new Depthwise[0];

    private ConvolutionTasks() {}

    /** Returns how many threads a convolution is worth. */
    static long threads(long plan) {
        double pixels = (double) get(plan, IMAGES) * ConvolutionPlan.volume(plan, OUT);
        double multiplications = pixels * get(plan, FILTERS) * ConvolutionPlan.patch(plan);
        return multiplications < SHARED ? 1 : Parallel.threads();
    }

    /** Runs all blocks of a plan, each thread with memory of its own for patches. */
    static void share(long plan) {
        long threads = Math.min(threads(plan), get(plan, BLOCKS));
        long scratch = Memory.take(Math.multiplyExact(threads, get(plan, SCRATCH_BYTES)));
        try {
            set(plan, SCRATCH, scratch);
            set(plan, NEXT, 0);
            ConvolutionTasks tasks = TASKS.get();
            tasks.plan = plan;
            tasks.need((int) threads);
            if (threads == 1) {
                // The products themselves are shared out.
                for (long b = 0; b < get(plan, BLOCKS); b++) {
                    ConvolutionBlocks.runBlock(plan, b, scratch, tasks.depthwise[0]);
                }
            } else {
                Parallel.run(threads, tasks);
            }
        } finally {
            Memory.give(scratch);
        }
    }

    private void need(int threads) {
        int known = depthwise.length;
        if (known < threads) {
            depthwise = Arrays.copyOf(depthwise, threads);
            for (int i = known; i < threads; i++) {
                depthwise[i] = new Depthwise();
            }
        }
    }

    @Override
    public void run(long thread) {
        long scratch = get(plan, SCRATCH) + thread * get(plan, SCRATCH_BYTES);
        long next = plan + (long) NEXT * Long.BYTES;
        long block = (long) LONG.getAndAdd(MEMORY, next, 1L);
        while (block < get(plan, BLOCKS)) {
            ConvolutionBlocks.runBlock(plan, block, scratch, depthwise[(int) thread]);
            block = (long) LONG.getAndAdd(MEMORY, next, 1L);
        }
    }
}
