package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

/**
 * What one thread measured in a phase.
 *
 * @param latencies one for each run, in nanoseconds
 * @param lateness how late runs began for which the thread was waiting; empty in a closed loop
 * @param nanos how long it ran, or waited for its next run
 * @param allocated bytes of Java heap
 */
record ThreadResult(Histogram latencies, Histogram lateness, long nanos, long allocated) {
    double perSecond() {
        return latencies.getTotalCount() * 1e9 / nanos;
    }
}
