package io.github.aoti4j.cli;

import java.time.Duration;

/**
 * A stretch of time in which threads run a model: a warm-up, or what is measured. Times are
 * nanoseconds since it began.
 */
final class Phase {
    /** Threads are told when to begin this long before, so that none begins late. */
    private static final long LEAD = Duration.ofMillis(2).toNanos();

    /**
     * How long before a time, in nanoseconds, a thread stops sleeping and spins: Linux wakes
     * sleepers some 50 µs late, its default timer slack.
     */
    static final long SPIN = 100_000;

    /** How long at most until a sleeping thread notices that it is to stop. */
    static final long LONGEST_PARK = Duration.ofMillis(50).toNanos();

    private final Ticker ticker;
    private final StopSignal stop;
    private final long nanos;
    private long origin;

    /** A phase of so many nanoseconds, which ends earlier if there is a signal to stop. */
    Phase(Ticker ticker, StopSignal stop, long nanos) {
        this.ticker = ticker;
        this.stop = stop;
        this.nanos = nanos;
    }

    /** Sets the beginning, before it is handed to the threads. */
    void begin() {
        origin = ticker.nanos() + LEAD;
    }

    long nanos() {
        return nanos;
    }

    /** Negative before it begins. */
    long now() {
        return ticker.nanos() - origin;
    }

    boolean isStopped() {
        return stop.isStopped();
    }

    boolean isOver(long now) {
        return now >= nanos || stop.isStopped();
    }

    /**
     * Waits until a time; shorter if there is a signal to stop.
     *
     * @return the time it has become
     */
    long awaitUntil(long due) {
        long now = now();
        while (now < due && !stop.isStopped()) {
            long left = due - now;
            if (left > SPIN) {
                ticker.park(Math.min(left - SPIN, LONGEST_PARK));
            } else {
                ticker.spin();
            }
            now = now();
        }
        return now;
    }
}
