package io.github.aoti4j.cli;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs at a constant rate, shared by all workers. A free worker takes the next run, as in a service
 * with a thread pool: a slow run delays only itself as long as other workers are free.
 */
final class Schedule {
    private final double interval;
    private final long planned;
    private final AtomicLong taken = new AtomicLong();

    /** Plans the runs of a phase of {@code nanos}; the first is due at its beginning. */
    Schedule(double perSecond, long nanos) {
        interval = 1e9 / perSecond;
        planned = Math.max(1, (long) Math.ceil(nanos / interval));
    }

    /** Returns when the next run is due; {@link ArrivalPattern#END} after the last. */
    long next() {
        long index = taken.getAndIncrement();
        // From the index, not from the previous run: rounding errors do not add up.
        return index < planned ? (long) (index * interval) : ArrivalPattern.END;
    }

    long planned() {
        return planned;
    }
}
