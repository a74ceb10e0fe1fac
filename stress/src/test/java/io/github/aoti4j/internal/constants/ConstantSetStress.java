package io.github.aoti4j.internal.constants;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.aoti4j.internal.container.RunGate;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Swap against run: a run takes the set that is the current one while the gate keeps an exchange
 * out, and each set is let go of once.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the run had a set that was alive")
@State
public class ConstantSetStress {
    private final RunGate gate = new RunGate("m", 1, null);
    private final AtomicInteger letGo = new AtomicInteger();
    private volatile ConstantSet current = new ConstantSet(Map.of(), null, letGo::incrementAndGet);

    @Actor
    public void run(II_Result result) {
        int permit = gate.acquire(0);
        ConstantSet mine = current.retain();
        gate.release(permit);
        result.r1 = mine.isUnused() ? 0 : 1;
        mine.release();
    }

    @Actor
    public void swap() {
        ConstantSet next = new ConstantSet(Map.of(), null, () -> {});
        gate.pauseRuns();
        ConstantSet before = current;
        current = next;
        gate.resumeRuns();
        before.release();
    }

    @Arbiter
    public void howOftenLetGo(II_Result result) {
        result.r2 = letGo.get();
    }
}
