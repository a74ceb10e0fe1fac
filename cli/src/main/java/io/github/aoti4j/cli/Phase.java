package io.github.aoti4j.cli;

import java.time.Duration;

/** A warm-up or measurement that all workers share. Times are nanoseconds since it began. */
final class Phase {
    /** Workers start this long before the beginning, so that none begins late. */
    private static final long LEAD = Duration.ofMillis(2).toNanos();

    /**
     * How long before a time, in nanoseconds, a worker stops sleeping and spins: Linux wakes
     * sleepers about 50 µs late, its default timer slack.
     */
    static final long SPIN = 100_000;

    /** The longest sleep before a worker looks at the stop signal. */
    static final long LONGEST_PARK = Duration.ofMillis(50).toNanos();

    private final Clock clock;
    private final StopSignal stop;
    private final long nanos;
    private long origin;

    /** A phase of {@code nanos}, which a stop signal ends early. */
    Phase(Clock clock, StopSignal stop, long nanos) {
        this.clock = clock;
        this.stop = stop;
        this.nanos = nanos;
    }

    /** Sets the origin of time; called before the workers get the phase. */
    void begin() {
        origin = clock.nanos() + LEAD;
    }

    long nanos() {
        return nanos;
    }

    /** Returns the time; negative before the beginning. */
    long now() {
        return clock.nanos() - origin;
    }

    boolean isStopped() {
        return stop.isStopped();
    }

    boolean isOver(long now) {
        return now >= nanos || stop.isStopped();
    }

    /** Waits until {@code due} or the stop signal, and returns the time. */
    long awaitUntil(long due) {
        long now = now();
        while (now < due && !stop.isStopped()) {
            long left = due - now;
            if (left > SPIN) {
                clock.park(Math.min(left - SPIN, LONGEST_PARK));
            } else {
                clock.spin();
            }
            now = now();
        }
        return now;
    }
}
