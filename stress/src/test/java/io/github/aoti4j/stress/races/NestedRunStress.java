package io.github.aoti4j.stress.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.aoti4j.internal.container.RunGate;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two runs, each with a run within it, and an update after one, with two permits: each gets through
 * or is told that it would wait for ever, and at least one gets through.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "both got through")
@Outcome(
        id = {"0, 1", "1, 0"},
        expect = ACCEPTABLE,
        desc = "one was refused")
@State
public class NestedRunStress {
    private final RunGate gate = new RunGate("m", 2, null);

    private int run() {
        int outer = gate.acquire(0);
        try {
            int inner = gate.acquire(1);
            gate.release(inner);
            return 1;
        } catch (IllegalStateException e) {
            return 0;
        } finally {
            gate.release(outer);
        }
    }

    @Actor
    public void firstRun(II_Result result) {
        result.r1 = run();
    }

    @Actor
    public void secondRun(II_Result result) {
        result.r2 = run();
        gate.pauseRuns();
        gate.resumeRuns();
    }
}
