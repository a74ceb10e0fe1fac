package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

/**
 * Runs come on a schedule, whether the ones before are done or not. A latency counts from the time
 * at which its run was due, not from when a thread was free at last: a model that stalls for 100 ms
 * at 1000 runs a second has 100 slow runs, not one. (Measured from when they begin, the other 99
 * would be left out; this is called coordinated omission.)
 */
final class OpenLoop implements Pace {
    private final Phase phase;
    private final Schedule schedule;

    /** How late runs began for which a thread was waiting: the precision of the waiting. */
    private final Histogram lateness;

    private boolean hasRun;

    OpenLoop(Phase phase, Schedule schedule, Histogram lateness) {
        this.phase = phase;
        this.schedule = schedule;
        this.lateness = lateness;
    }

    @Override
    public long next() {
        long due = schedule.take();
        if (due == END) {
            return END;
        }
        long now = phase.now();
        if (now < due) {
            now = phase.awaitUntil(due);
            if (phase.isStopped()) {
                return END;
            }
            lateness.recordValue(Latencies.within(now - due));
        }
        // What has not begun when the time is up does not begin any more; but without a single run,
        // as on a machine that gave this thread no time, there would be nothing to report.
        if (phase.isOver(now) && (hasRun || phase.isStopped())) {
            return END;
        }
        hasRun = true;
        return due;
    }
}
