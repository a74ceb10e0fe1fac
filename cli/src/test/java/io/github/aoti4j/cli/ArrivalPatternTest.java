package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.cli.ArrivalPattern.ClosedLoop;
import io.github.aoti4j.cli.ArrivalPattern.OpenLoop;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** Arrival patterns under a clock that only moves when somebody waits or runs. */
class ArrivalPatternTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000;

    private final FakeClock clock = new FakeClock();
    private final StopSignal stop = new StopSignal();
    private final Histogram latencies = Latencies.histogram();
    private final Histogram lateness = Latencies.histogram();

    /** Sleepers wake 60 µs late; a spin takes 1 µs. */
    private static final class FakeClock implements Clock {
        long now = 7 * SECOND;
        final List<Long> parks = new ArrayList<>();

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public void park(long nanos) {
            parks.add(nanos);
            now += nanos + 60 * MICRO;
        }

        @Override
        public void spin() {
            now += MICRO;
        }
    }

    private static void assertNear(long expected, long actual, long tolerance) {
        assertTrue(
                Math.abs(actual - expected) <= tolerance,
                () -> actual + " is not within " + tolerance + " of " + expected);
    }

    private Phase phase(long nanos) {
        Phase phase = new Phase(clock, stop, nanos);
        phase.begin();
        long now = phase.awaitUntil(0);
        assertTrue(now >= 0 && now <= MICRO, "the phase begins when it was said to: " + now);
        return phase;
    }

    /** A model that takes 100 µs a run, and once, at the 200th, stalls for 100 ms. */
    private Runnable stallingModel() {
        int[] runs = {0};
        return () -> clock.now += ++runs[0] == 200 ? 100 * MILLI : 100 * MICRO;
    }

    private void openLoop(Phase phase, double rate, Runnable model) {
        ArrivalPattern pattern = new OpenLoop(phase, new Schedule(rate, phase.nanos()), lateness);
        Worker.run(phase, pattern, model, latencies);
    }

    @Test
    void closedLoopRunsBackToBackUntilTheTimeIsUp() {
        Phase phase = phase(SECOND);
        Worker.run(phase, new ClosedLoop(phase), () -> clock.now += 100 * MICRO, latencies);
        assertEquals(10_000, latencies.getTotalCount());
        assertNear(100 * MICRO, latencies.getMinValue(), MICRO / 10);
        assertNear(100 * MICRO, latencies.getMaxValue(), MICRO / 10);
        assertTrue(clock.parks.size() <= 1, "waits for nothing but the beginning");
    }

    @Test
    void closedLoopRunsOnceHoweverShortThePhase() {
        Phase phase = phase(1);
        clock.now += MILLI;
        Worker.run(phase, new ClosedLoop(phase), () -> clock.now += MILLI, latencies);
        assertEquals(1, latencies.getTotalCount());
    }

    @Test
    void openLoopRunsOnceHoweverShortThePhase() {
        Phase phase = phase(1);
        clock.now += MILLI;
        openLoop(phase, 1000, () -> clock.now += MILLI);
        assertEquals(1, latencies.getTotalCount());
    }

    @Test
    void openLoopKeepsItsSchedule() {
        openLoop(phase(SECOND), 1000, () -> clock.now += 100 * MICRO);
        assertEquals(1000, latencies.getTotalCount());
        // A run is not begun before it is due, and at most a spin too late.
        assertTrue(latencies.getMinValue() >= 99 * MICRO, "" + latencies.getMinValue());
        assertTrue(latencies.getMaxValue() <= 102 * MICRO, "" + latencies.getMaxValue());
        assertTrue(lateness.getMaxValue() <= MICRO, "" + lateness.getMaxValue());
    }

    @Test
    void stallShowsInTheLatenciesOfAllRunsThatItHeldUp() {
        openLoop(phase(SECOND), 1000, stallingModel());
        assertEquals(1000, latencies.getTotalCount());
        // The stalled run holds up those that come every ms; each is answered 0.9 ms sooner after
        // its time than the one before: 100 ms, 99.1, 98.2, … 112 runs until none is held up.
        assertNear(100 * MILLI, latencies.getMaxValue(), MILLI / 5);
        assertNear(112, latencies.getCountBetweenValues(150 * MICRO, SECOND), 2);
        assertTrue(latencies.getValueAtPercentile(99) > 80 * MILLI);
        assertTrue(latencies.getValueAtPercentile(95) > 50 * MILLI);
        assertTrue(latencies.getValueAtPercentile(50) < 110 * MICRO);
    }

    @Test
    void closedLoopShowsOneSlowRunWhereAnOpenLoopShowsAllItHeldUp() {
        Phase phase = phase(SECOND);
        Worker.run(phase, new ClosedLoop(phase), stallingModel(), latencies);
        assertEquals(1, latencies.getCountBetweenValues(150 * MICRO, SECOND));
        assertTrue(latencies.getValueAtPercentile(99.9) < 110 * MICRO);
    }

    @Test
    void rateThatCannotBeKeptLeavesRunsUndoneAndLatenciesGrow() {
        openLoop(phase(SECOND), 20_000, () -> clock.now += 100 * MICRO);
        // 10,000 a second can be done.
        assertNear(10_000, latencies.getTotalCount(), 1);
        assertNear(SECOND / 2, latencies.getMaxValue(), SECOND / 500);
        assertNear(SECOND / 4, latencies.getValueAtPercentile(50), SECOND / 500);
    }

    @Test
    void threadsTakeTheNextRunFromOneSchedule() {
        Phase phase = phase(SECOND);
        Schedule schedule = new Schedule(1000, SECOND);
        ArrivalPattern one = new OpenLoop(phase, schedule, lateness);
        ArrivalPattern other = new OpenLoop(phase, schedule, lateness);
        assertEquals(0, one.next());
        assertEquals(MILLI, other.next());
        // The other is busy; this one goes on.
        assertEquals(2 * MILLI, one.next());
        assertEquals(3 * MILLI, one.next());
        assertEquals(4 * MILLI, other.next());
    }

    @Test
    void schedulePlansWhatFitsIntoTheTime() {
        assertEquals(1000, new Schedule(1000, SECOND).planned());
        assertEquals(1, new Schedule(0.001, SECOND).planned());
        assertEquals(4, new Schedule(3, 4 * SECOND / 3).planned(), "0, 1/3, 2/3, 1 s");
        assertEquals(86_400 * SECOND, new Schedule(1e9, 86_400 * SECOND).planned());

        Schedule thirds = new Schedule(3, SECOND);
        assertEquals(0, thirds.next());
        assertEquals(333_333_333, thirds.next());
        assertEquals(666_666_666, thirds.next());
        assertEquals(ArrivalPattern.END, thirds.next());
        assertEquals(ArrivalPattern.END, thirds.next());
    }

    @Test
    void scheduleDoesNotDrift() {
        Schedule schedule = new Schedule(3, 1000 * SECOND);
        long due = 0;
        for (int i = 0; i <= 2997; i++) {
            due = schedule.next();
        }
        assertNear(999 * SECOND, due, 1);
    }

    @Test
    void waitingThreadsSleepAndSpinAtTheEnd() {
        Phase phase = phase(SECOND);
        clock.parks.clear();
        long now = phase.awaitUntil(30 * MILLI);
        assertTrue(now >= 30 * MILLI && now <= 30 * MILLI + MICRO, "" + now);
        assertEquals(1, clock.parks.size());
        assertNear(30 * MILLI - Phase.SPIN, clock.parks.getFirst(), MICRO);
    }

    @Test
    void waitingThreadsNoticeASignalToStop() {
        Phase phase = new Phase(clock, stop, 1000 * SECOND);
        phase.begin();
        ArrivalPattern pattern = new OpenLoop(phase, new Schedule(0.01, 1000 * SECOND), lateness);
        assertEquals(0, pattern.next());
        stop.stop();
        clock.parks.clear();
        assertEquals(ArrivalPattern.END, pattern.next());
        assertEquals(ArrivalPattern.END, new ClosedLoop(phase).next());
        assertTrue(
                clock.parks.stream().allMatch(nanos -> nanos <= Phase.LONGEST_PARK),
                "never sleeps for long");
    }

    @Test
    void sleepsAreShortEnoughToHearASignal() {
        Phase phase = phase(10 * SECOND);
        clock.parks.clear();
        assertTrue(phase.awaitUntil(SECOND) >= SECOND);
        assertTrue(clock.parks.size() >= 19, "wakes now and then: " + clock.parks);
        assertTrue(clock.parks.stream().allMatch(nanos -> nanos <= Phase.LONGEST_PARK));
    }
}
