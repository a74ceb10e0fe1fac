package io.github.aoti4j.cli;

import org.HdrHistogram.Histogram;

/**
 * The overhead of measuring, in nanoseconds.
 *
 * @param perRun added to the time from one run to the next, so that throughput is too low
 */
record TimerCost(double perLatency, double perRun) {
    private static final int ROUNDS = 5;
    private static final int PER_ROUND = 50_000;

    /** Measures the empty loop; takes some milliseconds. */
    static TimerCost measure() {
        TimerCost least = new TimerCost(Double.MAX_VALUE, Double.MAX_VALUE);
        for (int i = 0; i < ROUNDS; i++) {
            TimerCost round = round();
            least =
                    new TimerCost(
                            Math.min(least.perLatency, round.perLatency),
                            Math.min(least.perRun, round.perRun));
        }
        return least;
    }

    private static TimerCost round() {
        Histogram histogram = Latencies.histogram();
        long sum = 0;
        long begin = System.nanoTime();
        for (int i = 0; i < PER_ROUND; i++) {
            long before = System.nanoTime();
            long latency = System.nanoTime() - before;
            sum += latency;
            histogram.recordValue(Latencies.clamp(latency));
        }
        double perRun = (double) (System.nanoTime() - begin) / PER_ROUND;
        return new TimerCost((double) sum / histogram.getTotalCount(), perRun);
    }
}
