package io.github.aoti4j.internal;

import io.github.aoti4j.bindings.recorder.Recorder;
import io.github.aoti4j.internal.recorder.QueueWait;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets runs into a model, one in each of its lanes; the others wait here. Thread-safe.
 *
 * <p>They wait in Java and not in the container's own queue, which has a flaw: a run that fails
 * returns its instance without waking who waits for one ({@code AOTInductorModelContainer::run} in
 * {@code model_container.h}, up to 2.14).
 *
 * <p>Runs nest: an operator written in Java may run the model that called it. Such a run takes
 * another lane, also while runs are held up, since who holds them up waits for the outer one.
 *
 * <p>As long as nobody has to wait, passing costs two atomic instructions on memory that no other
 * lane's threads write to.
 */
public final class RunGate {
    private static final VarHandle LANE = MethodHandles.arrayElementVarHandle(long[].class);

    /** Lanes lie two cache lines apart, since processors fetch them in pairs. */
    private static final int SPACING = 128 / Long.BYTES;

    /** No thread has this number. */
    private static final long FREE = 0;

    private final String model;
    private final int count;

    /** The number of the thread that is in each. */
    private final long[] lanes;

    private final AtomicInteger next = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final Condition returnedToNested = lock.newCondition();
    private final Condition drained = lock.newCondition();

    /**
     * Set while someone waits or holds all runs up: who comes then takes the lock, and who leaves
     * tells. Written under the lock.
     */
    private volatile boolean contended;

    /** Guarded by the lock. */
    private int waiting;

    /** How many lanes the threads of those that wait are in; guarded by the lock. */
    private int stuck;

    /** Whether runs are held up; guarded by the lock. */
    private boolean held;

    /**
     * Opens a gate.
     *
     * @param model whose runs they are, for people
     * @param count how many runs may be in flight
     */
    public RunGate(String model, int count) {
        this.model = model;
        this.count = count;
        // The first and the last have neighbours that are not lanes.
        lanes = new long[(count + 1) * SPACING];
    }

    /**
     * Returns how many runs may be in flight.
     *
     * @return at least 1
     */
    public int laneCount() {
        return count;
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
     * @throws IllegalStateException if all lanes are taken by runs whose threads wait for another
     *     one, this thread's among them
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

    /**
     * Tells whether this thread is in a lane: in an operator that a run has called back.
     *
     * @return the same until it leaves
     */
    public boolean isInside() {
        return lanesOfThisThread() > 0;
    }

    private int enterSlowly() {
        if (!Recorder.isOn()) {
            return waitForLane();
        }
        var event = new QueueWait(model, count);
        try {
            return waitForLane();
        } finally {
            event.commit();
        }
    }

    private int waitForLane() {
        lock.lock();
        try {
            int own = lanesOfThisThread();
            waiting++;
            contended = true;
            try {
                return own == 0 ? await() : awaitNested(own);
            } finally {
                waiting--;
                calm();
            }
        } finally {
            lock.unlock();
        }
    }

    private int await() {
        int lane = held ? -1 : takeAny();
        while (lane < 0) {
            returned.awaitUninterruptibly();
            lane = held ? -1 : takeAny();
        }
        return lane;
    }

    private int awaitNested(int own) {
        int lane = takeAny();
        if (lane < 0 && stuck + own == count) {
            throw new IllegalStateException(
                    "a run within a run needs a runner of its own, and all %d are in use by runs that wait for one: load the model with more (ModelOptions.runners)"
                            .formatted(count));
        }
        stuck += own;
        while (lane < 0) {
            returnedToNested.awaitUninterruptibly();
            lane = takeAny();
        }
        stuck -= own;
        return lane;
    }

    private int lanesOfThisThread() {
        long thread = Thread.currentThread().threadId();
        int own = 0;
        for (int lane = 0; lane < count; lane++) {
            // Only this thread writes its number, or takes it away.
            if ((long) LANE.getOpaque(lanes, place(lane)) == thread) {
                own++;
            }
        }
        return own;
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
            if (lock.hasWaiters(returnedToNested)) {
                returnedToNested.signal();
            } else if (held) {
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
            // All at once: a run in flight may still need another lane for a run within it.
            while (!takeAll()) {
                drained.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean takeAll() {
        for (int lane = 0; lane < count; lane++) {
            if (!take(lane)) {
                while (lane > 0) {
                    free(--lane);
                }
                return false;
            }
        }
        return true;
    }

    /** Lets runs in again. Called by the thread that holds them up. */
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
        return LANE.compareAndSet(lanes, place(lane), FREE, Thread.currentThread().threadId());
    }

    private void free(int lane) {
        LANE.setVolatile(lanes, place(lane), FREE);
    }

    private static int place(int lane) {
        return (lane + 1) * SPACING - 1;
    }

    private void calm() {
        if (waiting == 0 && !held) {
            contended = false;
        }
    }
}
