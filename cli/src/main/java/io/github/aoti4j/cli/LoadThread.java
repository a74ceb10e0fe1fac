package io.github.aoti4j.cli;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.cli.Workload.Api;

import org.HdrHistogram.Histogram;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** A thread with a workload of its own, which it opens, drives and closes. */
final class LoadThread {
    private static final ThreadMXBean THREADS =
            ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private final ExecutorService thread;
    private final Api api;
    private final Model model;
    private final BenchInputs inputs;

    /** Below: the thread's alone. */
    private Arena arena;

    private Workload workload;

    LoadThread(int index, Api api, Model model, BenchInputs inputs) {
        this.thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("aoti-bench-" + index).factory());
        this.api = api;
        this.model = model;
        this.inputs = inputs;
    }

    /** Opens the workload and compares its first answer. */
    Future<OutputsComparison> open(Reference reference) {
        return thread.submit(
                () -> {
                    arena = Arena.ofConfined();
                    Tensor[] own = inputs.copy(arena);
                    workload = api.open(model, own);
                    OutputsComparison comparison = reference.compare(workload.answer());
                    inputs.restore(own);
                    return comparison;
                });
    }

    /**
     * Drives the workload through a phase.
     *
     * @param pace makes the pace, given a histogram for its lateness
     */
    Future<ThreadResult> drive(Phase phase, Function<Histogram, Pace> pace, StopSignal stop) {
        return thread.submit(
                () -> {
                    try {
                        return drive(phase, pace, workload);
                    } catch (Throwable e) {
                        // The other threads need not go on.
                        stop.stop();
                        throw e;
                    }
                });
    }

    private static ThreadResult drive(
            Phase phase, Function<Histogram, Pace> paces, Workload workload) {
        Histogram latencies = Latencies.histogram();
        Histogram lateness = Latencies.histogram();
        Pace pace = paces.apply(lateness);
        Runnable run = workload::run;
        phase.awaitUntil(0);
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        drive(phase, pace, run, latencies);
        allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        // The last run of a schedule is done before the time is up, which counts all the same.
        long nanos = phase.isStopped() ? phase.now() : Math.max(phase.now(), phase.nanos());
        return new ThreadResult(latencies, lateness, Math.max(1, nanos), allocated);
    }

    /** The loop that is measured. */
    static void drive(Phase phase, Pace pace, Runnable run, Histogram latencies) {
        for (long due = pace.next(); due != Pace.END; due = pace.next()) {
            run.run();
            latencies.recordValue(Latencies.within(phase.now() - due));
        }
    }

    /** Closes the workload and ends the thread. */
    Future<Void> close() {
        Future<Void> closed =
                thread.submit(
                        () -> {
                            if (workload != null) {
                                workload.close();
                            }
                            if (arena != null) {
                                arena.close();
                            }
                            return null;
                        });
        thread.shutdown();
        return closed;
    }
}
