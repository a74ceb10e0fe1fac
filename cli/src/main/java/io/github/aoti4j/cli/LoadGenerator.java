package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.cli.ArrivalPattern.ClosedLoop;
import io.github.aoti4j.cli.ArrivalPattern.OpenLoop;
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

/** Workers that run a model in phases. */
final class LoadGenerator implements AutoCloseable {
    /** The interval of progress updates; long, since each takes a core from the workers. */
    private static final long TICK_MILLIS = 500;

    private final StopSignal stop;
    private final Progress progress;
    private final List<Worker> workers = new ArrayList<>();

    LoadGenerator(
            int count,
            Api api,
            Model model,
            BenchInputs inputs,
            StopSignal stop,
            Progress progress) {
        this.stop = stop;
        this.progress = progress;
        for (int i = 0; i < count; i++) {
            workers.add(new Worker(i, api, model, inputs));
        }
    }

    /** Opens the workloads, and returns the first comparison that finds a difference. */
    Optional<OutputsComparison> open(Reference reference) {
        // One after the other: a model with state answers as it does alone.
        for (Worker worker : workers) {
            OutputsComparison comparison =
                    await(List.of(worker.open(reference)), () -> {}).getFirst();
            if (!comparison.matches()) {
                return Optional.of(comparison);
            }
        }
        return Optional.empty();
    }

    List<Worker.Result> closedLoop(String name, long nanos) {
        Phase phase = new Phase(Clock.SYSTEM, stop, nanos);
        return run(name, phase, _ -> new ClosedLoop(phase));
    }

    List<Worker.Result> openLoop(String name, long nanos, Schedule schedule) {
        Phase phase = new Phase(Clock.SYSTEM, stop, nanos);
        return run(name, phase, lateness -> new OpenLoop(phase, schedule, lateness));
    }

    private List<Worker.Result> run(
            String name, Phase phase, Function<Histogram, ArrivalPattern> pattern) {
        long total = Math.max(1, TimeUnit.NANOSECONDS.toMillis(phase.nanos()));
        progress.update(name, 0, total);
        phase.begin();
        List<Future<Worker.Result>> results = new ArrayList<>();
        for (Worker worker : workers) {
            results.add(worker.run(phase, pattern, stop));
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

    /** Waits for all of them, also after a failure; throws the first. */
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
                    if (failure == null) {
                        failure = e.getCause();
                    } else if (!failure.equals(e.getCause())) {
                        failure.addSuppressed(e.getCause());
                    }
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
        for (Worker worker : workers) {
            closed.add(worker.close());
        }
        List<Void> _ = await(closed, () -> {});
    }
}
