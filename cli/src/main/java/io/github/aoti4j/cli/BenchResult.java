package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What came out.
 *
 * @param setup what was measured
 * @param reference what the model did when it was compared
 * @param latencies of all threads' runs
 * @param lateness of runs that threads waited for; empty in a closed loop
 * @param perSecond runs per second
 * @param nanos how long it took
 * @param allocated bytes of Java heap, all threads together
 * @param planned runs on the schedule; 0 in a closed loop
 * @param timer what measuring costs
 * @param stopped whether it ended early
 */
record BenchResult(
        BenchSetup setup,
        Reference reference,
        Histogram latencies,
        Histogram lateness,
        double perSecond,
        long nanos,
        long allocated,
        long planned,
        TimerCost timer,
        boolean stopped) {
    /** A rate counts as kept if so much of the schedule has begun in time. */
    private static final double KEPT = 0.99;

    static BenchResult of(
            BenchSetup setup,
            Reference reference,
            List<ThreadResult> threads,
            long planned,
            TimerCost timer,
            boolean stopped) {
        Histogram latencies = Latencies.histogram();
        Histogram lateness = Latencies.histogram();
        threads.forEach(thread -> latencies.add(thread.latencies()));
        threads.forEach(thread -> lateness.add(thread.lateness()));
        return new BenchResult(
                setup,
                reference,
                latencies,
                lateness,
                threads.stream().mapToDouble(ThreadResult::perSecond).sum(),
                threads.stream().mapToLong(ThreadResult::nanos).max().orElse(0),
                threads.stream().mapToLong(ThreadResult::allocated).sum(),
                planned,
                timer,
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

    /** What a reader has to know to read the figures. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (stopped) {
            notes.add("stopped before the time was up");
        } else if (setup.rate() != null && !isRateKept()) {
            notes.add(
                    String.format(
                            Locale.ROOT,
                            "the rate was not kept: of %,d runs that were due, %,d had not begun"
                                    + " when the time was up; latencies grow the longer it lasts",
                            planned,
                            notBegun()));
        }
        if (setup.threads() > setup.runners()) {
            notes.add(
                    "%d threads share %d %s: latencies hold the wait for one"
                            .formatted(
                                    setup.threads(),
                                    setup.runners(),
                                    setup.runners() == 1 ? "runner" : "runners"));
        }
        if (setup.threads() > BenchSetup.processors()) {
            notes.add(
                    "more threads than processors (%d): latencies hold the wait for one"
                            .formatted(BenchSetup.processors()));
        }
        if (!reference.repeatable()) {
            notes.add(
                    "the model answers the same inputs differently (random numbers, or a state of"
                            + " its own): the threads' answers were not compared");
        }
        if (reference.writesInputs()) {
            notes.add(
                    "the model writes into its inputs: each run finds what the one before left,"
                            + " nothing restores them");
        }
        return notes;
    }
}
