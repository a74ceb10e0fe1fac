package io.github.aoti4j.stress.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.aoti4j.internal.container.RunGate;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

import java.util.concurrent.atomic.AtomicInteger;

/** Runs and who holds them up, with one permit: never two at once, and nobody is left waiting. */
@JCStressTest
@Outcome(id = "0, 4", expect = ACCEPTABLE, desc = "one after the other")
@State
public class RunGateStress {
    private final RunGate gate = new RunGate("m", 1, null);
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();

    /** Written by whoever is inside, without synchronisation of its own. */
    private int passed;

    private void pass() {
        if (inside.incrementAndGet() != 1) {
            wrong.incrementAndGet();
        }
        passed++;
        inside.decrementAndGet();
    }

    private void run() {
        int permit = gate.acquire(0);
        pass();
        gate.release(permit);
    }

    @Actor
    public void runTwice() {
        run();
        run();
    }

    @Actor
    public void runAndExchange() {
        run();
        gate.pauseRuns();
        pass();
        gate.resumeRuns();
    }

    @Arbiter
    public void count(II_Result result) {
        result.r1 = wrong.get();
        result.r2 = passed;
    }
}
