package io.github.aoti4j.cli;

import java.util.concurrent.locks.LockSupport;

/** Time, and ways to wait; replaced by tests. */
interface Clock {
    Clock SYSTEM =
            new Clock() {
                @Override
                public long nanos() {
                    return System.nanoTime();
                }

                @Override
                public void park(long nanos) {
                    LockSupport.parkNanos(nanos);
                }

                @Override
                public void spin() {
                    Thread.onSpinWait();
                }
            };

    /** As {@link System#nanoTime}. */
    long nanos();

    /** Sleeps for about {@code nanos}; less or more, as the operating system schedules it. */
    void park(long nanos);

    /** Busy-waits for a moment. */
    void spin();
}
