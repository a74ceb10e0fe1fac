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

/** A thread of the load generator, with its own workload. */
final class Worker {
    private static final ThreadMXBean THREADS =
            ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private final ExecutorService thread;
    private final Api api;
    private final Model model;
    private final BenchInputs inputs;

    // Used by the worker's thread only.
    private Arena arena;
    private Workload workload;

    /**
     * What a worker measured in a phase.
     *
     * @param latencies one for each run, in nanoseconds
     * @param lateness how late runs began for which it was waiting; empty in a closed loop
     * @param nanos how long it ran, or waited for its next run
     * @param allocated bytes of Java heap
     */
    record Result(Histogram latencies, Histogram lateness, long nanos, long allocated) {
        double perSecond() {
            return latencies.getTotalCount() * 1e9 / nanos;
        }
    }

    Worker(int index, Api api, Model model, BenchInputs inputs) {
        this.thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("aoti-bench-" + index).factory());
        this.api = api;
        this.model = model;
        this.inputs = inputs;
    }

    /** Opens the workload and compares its first outputs. */
    Future<OutputsComparison> open(Reference reference) {
        return thread.submit(
                () -> {
                    arena = Arena.ofConfined();
                    Tensor[] own = inputs.copy(arena);
                    workload = api.open(model, own);
                    OutputsComparison comparison = reference.compare(workload.outputs());
                    inputs.restore(own);
                    return comparison;
                });
    }

    /**
     * Runs the workload for a phase.
     *
     * @param pattern makes the arrival pattern, given a histogram for its lateness
     */
    Future<Result> run(Phase phase, Function<Histogram, ArrivalPattern> pattern, StopSignal stop) {
        return thread.submit(
                () -> {
                    try {
                        return run(phase, pattern, workload);
                    } catch (Throwable e) {
                        // The other workers need not go on.
                        stop.stop();
                        throw e;
                    }
                });
    }

    private static Result run(
            Phase phase, Function<Histogram, ArrivalPattern> patterns, Workload workload) {
        Histogram latencies = Latencies.histogram();
        Histogram lateness = Latencies.histogram();
        ArrivalPattern pattern = patterns.apply(lateness);
        Runnable run = workload::run;
        phase.awaitUntil(0);
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        run(phase, pattern, run, latencies);
        allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        // In an open loop the last run ends before the phase does; the whole phase counts.
        long nanos = phase.isStopped() ? phase.now() : Math.max(phase.now(), phase.nanos());
        return new Result(latencies, lateness, Math.max(1, nanos), allocated);
    }

    /** The measured loop. */
    static void run(Phase phase, ArrivalPattern pattern, Runnable run, Histogram latencies) {
        for (long due = pattern.next(); due != ArrivalPattern.END; due = pattern.next()) {
            run.run();
            latencies.recordValue(Latencies.clamp(phase.now() - due));
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
