package io.github.aoti4j.cli;

import java.util.concurrent.locks.LockSupport;

/** Time, and ways to let it pass; tests have a ticker of their own. */
interface Ticker {
    /** The JVM's. */
    Ticker SYSTEM =
            new Ticker() {
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

    /** Gives the core away for about so long: less or, as the operating system likes, more. */
    void park(long nanos);

    /** Keeps the core, for next to no time. */
    void spin();
}
