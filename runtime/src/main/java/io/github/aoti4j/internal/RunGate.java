package io.github.aoti4j.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets runs into a model, one in each of its lanes; the others wait here.
 *
 * <p>They wait in Java and not in the container's own queue, which has a flaw: a run that fails
 * returns its instance without waking who waits for one ({@code AOTInductorModelContainer::run} in
 * {@code model_container.h}, up to 2.14).
 *
 * <p>As long as nobody has to wait, passing costs two atomic instructions on memory that no other
 * lane's threads write to.
 */
public final class RunGate {
    private static final VarHandle LANE = MethodHandles.arrayElementVarHandle(int[].class);

    /** Lanes lie two cache lines apart, since processors fetch them in pairs. */
    private static final int SPACING = 128 / Integer.BYTES;

    private static final int FREE = 0;
    private static final int BUSY = 1;

    private final int count;
    private final int[] lanes;
    private final AtomicInteger next = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final Condition drained = lock.newCondition();

    /**
     * Set while someone waits or holds all runs up: who comes then takes the lock, and who leaves
     * tells. Written under the lock.
     */
    private volatile boolean contended;

    /** Guarded by the lock. */
    private int waiting;

    /** Whether runs are held up; guarded by the lock. */
    private boolean held;

    /**
     * Opens a gate.
     *
     * @param count how many runs may be in flight
     */
    public RunGate(int count) {
        this.count = count;
        // The first and the last have neighbours that are not lanes.
        lanes = new int[(count + 1) * SPACING];
    }

    /**
     * Proposes a lane for someone who comes again and again.
     *
     * @return each in turn
     */
    public int proposeLane() {
        return Integer.remainderUnsigned(next.getAndIncrement(), count);
    }

    /**
     * Takes a lane, waiting until there is one. An interrupt does not end the wait; it stays
     * pending.
     *
     * @param preferred tried first
     * @return a lane of the caller's own until {@link #leave}
     */
    public int enter(int preferred) {
        return !contended && take(preferred) ? preferred : enterSlowly();
    }

    /**
     * Returns a lane.
     *
     * @param lane from {@link #enter}
     */
    public void leave(int lane) {
        free(lane);
        // Whoever waits has set this before looking at the lane again.
        if (contended) {
            tell();
        }
    }

    private int enterSlowly() {
        lock.lock();
        try {
            waiting++;
            contended = true;
            int lane = held ? -1 : takeAny();
            while (lane < 0) {
                returned.awaitUninterruptibly();
                lane = held ? -1 : takeAny();
            }
            waiting--;
            calm();
            return lane;
        } finally {
            lock.unlock();
        }
    }

    private int takeAny() {
        for (int lane = 0; lane < count; lane++) {
            if (take(lane)) {
                return lane;
            }
        }
        return -1;
    }

    private void tell() {
        lock.lock();
        try {
            if (held) {
                drained.signal();
            } else {
                returned.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Holds all runs up, waiting for those in flight. One thread at a time may do so, and it must
     * be in no lane.
     */
    void hold() {
        lock.lock();
        try {
            held = true;
            contended = true;
            for (int lane = 0; lane < count; lane++) {
                while (!take(lane)) {
                    drained.awaitUninterruptibly();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets runs in again. */
    void resume() {
        lock.lock();
        try {
            for (int lane = 0; lane < count; lane++) {
                free(lane);
            }
            held = false;
            returned.signalAll();
            calm();
        } finally {
            lock.unlock();
        }
    }

    private boolean take(int lane) {
        return LANE.compareAndSet(lanes, (lane + 1) * SPACING - 1, FREE, BUSY);
    }

    private void free(int lane) {
        LANE.setVolatile(lanes, (lane + 1) * SPACING - 1, FREE);
    }

    private void calm() {
        if (waiting == 0 && !held) {
            contended = false;
        }
    }
}
