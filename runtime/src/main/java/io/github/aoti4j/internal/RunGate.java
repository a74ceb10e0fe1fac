package io.github.aoti4j.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets as many runs into a container as it has model instances; the others wait here.
 *
 * <p>They wait in Java and not in the container's own queue, which has a flaw: a run that fails
 * returns its instance without waking who waits for one ({@code AOTInductorModelContainer::run} in
 * {@code model_container.h}, up to 2.14).
 *
 * <p>As long as nobody has to wait, passing costs one atomic instruction in and one out.
 */
public final class RunGate {
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(RunGate.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Set while someone waits or holds all runs up: who comes then takes the lock. */
    private static final int CONTENDED = 1 << 31;

    private final int permits;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final Condition allReturned = lock.newCondition();

    /**
     * How many permits are free, and {@link #CONTENDED}. While that is set, only who has the lock
     * changes it.
     */
    private volatile int state;

    /** Guarded by the lock. */
    private int waiting;

    /** Whether runs are held up; guarded by the lock. */
    private boolean held;

    /**
     * Opens a gate.
     *
     * @param permits how many runs may be in flight
     */
    public RunGate(int permits) {
        this.permits = permits;
        state = permits;
    }

    /**
     * Takes part, waiting until there is room. An interrupt does not end the wait; it stays
     * pending.
     */
    public void enter() {
        int free = state;
        while (free > 0) {
            if (STATE.compareAndSet(this, free, free - 1)) {
                return;
            }
            free = state;
        }
        enterSlowly();
    }

    /** Undoes one {@link #enter}. */
    public void leave() {
        int free = state;
        while (free >= 0) {
            if (STATE.compareAndSet(this, free, free + 1)) {
                return;
            }
            free = state;
        }
        leaveSlowly();
    }

    private void enterSlowly() {
        lock.lock();
        try {
            waiting++;
            contend();
            while (held || free() == 0) {
                returned.awaitUninterruptibly();
            }
            state--;
            waiting--;
            calm();
        } finally {
            lock.unlock();
        }
    }

    private void leaveSlowly() {
        lock.lock();
        try {
            // Atomically, since the crowd may have gone while this waited for the lock.
            STATE.getAndAdd(this, 1);
            if (!held) {
                returned.signal();
            } else if (free() == permits) {
                allReturned.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Holds all runs up, waiting for those in flight. One thread at a time may do so, and it must
     * not have entered.
     */
    void hold() {
        lock.lock();
        try {
            held = true;
            contend();
            while (free() < permits) {
                allReturned.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets runs in again. */
    void resume() {
        lock.lock();
        try {
            held = false;
            returned.signalAll();
            calm();
        } finally {
            lock.unlock();
        }
    }

    private int free() {
        return state & ~CONTENDED;
    }

    private void contend() {
        STATE.getAndBitwiseOr(this, CONTENDED);
    }

    private void calm() {
        if (waiting == 0 && !held) {
            state = free();
        }
    }
}
