package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

import java.time.Duration;

/** Histograms of nanoseconds, exact to 0.1 %. */
final class Latencies {
    /** Longer than any phase; longer times count as this. */
    private static final long LONGEST = Duration.ofDays(2).toNanos();

    private Latencies() {}

    /** Returns a histogram of fixed size: recording allocates nothing. */
    static Histogram histogram() {
        return new Histogram(1, LONGEST, 3);
    }

    static long clamp(long nanos) {
        return Math.min(nanos, LONGEST);
    }
}
