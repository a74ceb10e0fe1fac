package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

/** Decides when a worker's runs are due. Each worker has its own. */
sealed interface ArrivalPattern {
    /** No further run is due. */
    long END = -1;

    /**
     * Waits until a run is due.
     *
     * @return the time from which its latency counts, in nanoseconds since the phase began; {@link
     *     #END} after the last run
     */
    long next();

    /**
     * Closed loop: a run is due when the one before is done. It shows the maximum throughput, and
     * hides stalls (coordinated omission): no request arrives while a run is slow.
     */
    final class ClosedLoop implements ArrivalPattern {
        private final Phase phase;
        private boolean hasRun;

        ClosedLoop(Phase phase) {
            this.phase = phase;
        }

        @Override
        public long next() {
            long now = phase.now();
            // At least one run, however short the phase.
            if (phase.isOver(now) && (hasRun || phase.isStopped())) {
                return END;
            }
            hasRun = true;
            return now;
        }
    }

    /**
     * Open loop: runs arrive at a fixed rate, and latency includes queueing: it counts from the
     * time at which a run was due, not from when a worker became free. A model that stalls for 100
     * ms at 1000 runs a second has 100 slow runs, not one.
     */
    final class OpenLoop implements ArrivalPattern {
        private final Phase phase;
        private final Schedule schedule;

        /** How late runs began for which the worker was waiting: the precision of the wait. */
        private final Histogram lateness;

        private boolean hasRun;

        OpenLoop(Phase phase, Schedule schedule, Histogram lateness) {
            this.phase = phase;
            this.schedule = schedule;
            this.lateness = lateness;
        }

        @Override
        public long next() {
            long due = schedule.next();
            if (due == END) {
                return END;
            }
            long now = phase.now();
            if (now < due) {
                now = phase.awaitUntil(due);
                if (phase.isStopped()) {
                    return END;
                }
                lateness.recordValue(Latencies.clamp(now - due));
            }
            // A run that has not begun when the phase ends is not begun; but at least one is, even
            // where the machine gave this worker no time: otherwise there is nothing to report.
            if (phase.isOver(now) && (hasRun || phase.isStopped())) {
                return END;
            }
            hasRun = true;
            return due;
        }
    }
}
