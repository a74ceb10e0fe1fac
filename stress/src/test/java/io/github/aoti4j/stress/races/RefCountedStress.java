package io.github.aoti4j.stress.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.aoti4j.bindings.os.RefCounted;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

import java.util.concurrent.atomic.AtomicInteger;

/** A mapping that sets of weights share goes once, with whoever is last. */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "closed once")
@State
public class RefCountedStress {
    private final AtomicInteger closed = new AtomicInteger();
    private final RefCounted<AutoCloseable> first = new RefCounted<>(closed::incrementAndGet);
    private final RefCounted<AutoCloseable> second = first.retain();

    @Actor
    public void release() {
        first.release();
    }

    @Actor
    public void shareAndRelease() {
        RefCounted<AutoCloseable> third = second.retain();
        second.release();
        third.release();
    }

    @Arbiter
    public void howOftenClosed(I_Result result) {
        result.r1 = closed.get();
    }
}
