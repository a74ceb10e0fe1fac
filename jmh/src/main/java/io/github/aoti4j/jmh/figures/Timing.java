package io.github.aoti4j.jmh.figures;

/**
 * How long each fork of each contender is measured.
 *
 * @param warmUpMillis before that
 */
record Timing(int warmUpMillis, int iterations, int iterationMillis) {
    private static final int ITERATIONS = 5;

    /** What starting a process, loading a libtorch and checking an answer takes, about. */
    private static final double START_SECONDS = 1.5;

    private static final double LEAST_SECONDS = 0.8;

    /** So that all forks take so long together. */
    static Timing within(double minutes, int forks) {
        double seconds = Math.max(LEAST_SECONDS, minutes * 60 / forks - START_SECONDS);
        int warmUp = (int) (seconds * 500);
        return new Timing(warmUp, ITERATIONS, (int) (seconds * 1000 - warmUp) / ITERATIONS);
    }
}
