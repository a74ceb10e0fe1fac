package io.github.aoti4j.cli;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs that are due at a constant rate, all threads together. A thread that is free takes the next,
 * so that one slow run holds up nobody but itself as long as there are other threads, as in a
 * service with a pool.
 */
final class Schedule {
    private final double interval;
    private final long planned;
    private final AtomicLong taken = new AtomicLong();

    /**
     * Plans runs.
     *
     * @param perSecond the rate
     * @param nanos for how long; the first is due at once
     */
    Schedule(double perSecond, long nanos) {
        interval = 1e9 / perSecond;
        planned = Math.max(1, (long) Math.ceil(nanos / interval));
    }

    /** When the next run is due; {@link Pace#END} after the last. */
    long take() {
        long index = taken.getAndIncrement();
        // From the index, not from the run before: nothing adds up.
        return index < planned ? (long) (index * interval) : Pace.END;
    }

    /** How many runs there are in all. */
    long planned() {
        return planned;
    }
}
