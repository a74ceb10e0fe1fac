package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code aoti bench} measured.
 *
 * @param lateness of runs that workers waited for; empty in a closed loop
 * @param perSecond runs per second
 * @param allocated bytes of Java heap, all workers together
 * @param planned runs on the schedule; 0 in a closed loop
 * @param stopped whether it was ended early
 */
record BenchResult(
        Histogram latencies,
        Histogram lateness,
        double perSecond,
        long nanos,
        long allocated,
        long planned,
        boolean stopped) {
    /** The share of the schedule that must have begun in time for a rate to count as kept. */
    private static final double KEPT = 0.99;

    static BenchResult of(List<Worker.Result> workers, long planned, boolean stopped) {
        Histogram latencies = Latencies.histogram();
        Histogram lateness = Latencies.histogram();
        workers.forEach(worker -> latencies.add(worker.latencies()));
        workers.forEach(worker -> lateness.add(worker.lateness()));
        return new BenchResult(
                latencies,
                lateness,
                workers.stream().mapToDouble(Worker.Result::perSecond).sum(),
                workers.stream().mapToLong(Worker.Result::nanos).max().orElse(0),
                workers.stream().mapToLong(Worker.Result::allocated).sum(),
                planned,
                stopped);
    }

    long runs() {
        return latencies.getTotalCount();
    }

    double allocatedPerRun() {
        return (double) allocated / Math.max(1, runs());
    }

    long notBegun() {
        return Math.max(0, planned - runs());
    }

    boolean isRateKept() {
        return runs() >= KEPT * planned;
    }

    /** Returns what a reader has to know to interpret the figures. */
    List<String> notes(BenchSetup setup, Reference reference) {
        List<String> notes = new ArrayList<>();
        if (stopped) {
            notes.add("stopped before the time was up");
        } else if (setup.rate() != null && !isRateKept()) {
            notes.add(
                    String.format(
                            Locale.ROOT,
                            "the rate was not kept: of %,d runs that were due, %,d had not begun"
                                    + " when the time was up; the longer it lasts, the longer the"
                                    + " queue and the latencies",
                            planned,
                            notBegun()));
        }
        if (setup.threads() > setup.runners()) {
            notes.add(
                    "%d threads share %s: latencies include the wait for one"
                            .formatted(
                                    setup.threads(), Quantities.count(setup.runners(), "runner")));
        }
        if (setup.threads() > BenchSetup.processors()) {
            notes.add(
                    "more threads than processors (%d): latencies include the wait for one"
                            .formatted(BenchSetup.processors()));
        }
        if (!reference.repeatable()) {
            notes.add(
                    "the model answers the same inputs differently (random numbers, or state):"
                            + " the threads' outputs were not compared");
        }
        if (reference.writesInputs()) {
            notes.add(
                    "the model writes into its inputs: each run reads what the one before left,"
                            + " nothing restores them");
        }
        return notes;
    }
}
