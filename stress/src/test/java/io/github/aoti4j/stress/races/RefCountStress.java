package io.github.aoti4j.stress.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.aoti4j.bindings.os.RefCount;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

import java.util.concurrent.atomic.AtomicInteger;

/** Close against run: what is used is freed once, and never under a user. */
@JCStressTest
@Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "closed before the runs")
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "closed after the first run began")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "closed after both began")
@State
public class RefCountStress {
    /** What a run says that was in while it was freed. */
    private static final int FREED_UNDER_IT = 2;

    private final RefCount users = new RefCount();
    private final AtomicInteger freed = new AtomicInteger();

    private int run() {
        int ran = 0;
        if (users.enter()) {
            ran = freed.get() == 0 ? 1 : FREED_UNDER_IT;
        }
        if (users.leave()) {
            freed.incrementAndGet();
        }
        return ran;
    }

    @Actor
    public void twoRuns(III_Result result) {
        result.r1 = run();
        result.r2 = run();
    }

    @Actor
    public void close() {
        if (users.close()) {
            freed.incrementAndGet();
        }
    }

    @Arbiter
    public void howOftenFreed(III_Result result) {
        result.r3 = freed.get();
    }
}
