package io.github.aoti4j.cli;

/** When a thread's runs are due. Each thread has its own. */
sealed interface Pace permits ClosedLoop, OpenLoop {
    /** No run is due any more. */
    long END = -1;

    /**
     * Waits until a run is due.
     *
     * @return the time from which its latency counts, in nanoseconds since the phase began; {@link
     *     #END} after the last
     */
    long next();
}
