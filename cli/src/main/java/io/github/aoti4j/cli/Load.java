package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.cli.Workload.Api;
import io.github.aoti4j.core.Progress;

import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Threads that run a model, and the phases that they go through together. */
final class Load implements AutoCloseable {
    /** How often progress is shown; rare, since it takes a core from who is measured. */
    private static final long TICK_MILLIS = 500;

    private final StopSignal stop;
    private final Progress progress;
    private final List<LoadThread> threads = new ArrayList<>();

    Load(int count, Api api, Model model, BenchInputs inputs, StopSignal stop, Progress progress) {
        this.stop = stop;
        this.progress = progress;
        for (int i = 0; i < count; i++) {
            threads.add(new LoadThread(i, api, model, inputs));
        }
    }

    /**
     * Opens the threads' workloads.
     *
     * @return the first answer that is not the reference's, if there is one
     */
    Optional<OutputsComparison> open(Reference reference) {
        // One after the other: a model with a state of its own answers as it does alone.
        for (LoadThread thread : threads) {
            OutputsComparison comparison =
                    await(List.of(thread.open(reference)), () -> {}).getFirst();
            if (!comparison.matches()) {
                return Optional.of(comparison);
            }
        }
        return Optional.empty();
    }

    /** Runs back to back. */
    List<ThreadResult> closedLoop(String name, long nanos) {
        Phase phase = new Phase(Ticker.SYSTEM, stop, nanos);
        return run(name, phase, _ -> new ClosedLoop(phase));
    }

    /** Runs on a schedule. */
    List<ThreadResult> openLoop(String name, long nanos, Schedule schedule) {
        Phase phase = new Phase(Ticker.SYSTEM, stop, nanos);
        return run(name, phase, lateness -> new OpenLoop(phase, schedule, lateness));
    }

    private List<ThreadResult> run(String name, Phase phase, Function<Histogram, Pace> pace) {
        long total = Math.max(1, TimeUnit.NANOSECONDS.toMillis(phase.nanos()));
        progress.update(name, 0, total);
        phase.begin();
        List<Future<ThreadResult>> results = new ArrayList<>();
        for (LoadThread thread : threads) {
            results.add(thread.drive(phase, pace, stop));
        }
        try {
            return await(
                    results,
                    () -> {
                        long done = TimeUnit.NANOSECONDS.toMillis(phase.now());
                        progress.update(name, Math.clamp(done, 1, Math.max(1, total - 1)), total);
                    });
        } finally {
            progress.update(name, total, total);
        }
    }

    /** Waits for all of them, whatever becomes of some. */
    private <T> List<T> await(List<Future<T>> futures, Runnable tick) {
        List<T> results = new ArrayList<>();
        Throwable failure = null;
        boolean interrupted = false;
        for (Future<T> future : futures) {
            boolean done = false;
            while (!done) {
                try {
                    results.add(future.get(TICK_MILLIS, TimeUnit.MILLISECONDS));
                    done = true;
                } catch (TimeoutException _) {
                    tick.run();
                } catch (InterruptedException _) {
                    interrupted = true;
                    stop.stop();
                } catch (ExecutionException e) {
                    failure = failure == null ? e.getCause() : failure;
                    done = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
        return results;
    }

    @Override
    public void close() {
        List<Future<Void>> closed = new ArrayList<>();
        for (LoadThread thread : threads) {
            closed.add(thread.close());
        }
        List<Void> _ = await(closed, () -> {});
    }
}
