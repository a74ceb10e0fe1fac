package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.internal.jfr.QueueWait;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Limits the runs of a model that are in flight: each holds one of the permits. Thread-safe.
 *
 * <p>Runs wait in Java and not in the container's own queue, which has a flaw: a run that fails
 * returns its instance without waking a thread that waits for one ({@code
 * AOTInductorModelContainer::run} in {@code model_container.h}, up to 2.14).
 *
 * <p>Runs nest: an operator written in Java may run the model that called it. Such a run takes
 * another permit, also while runs are paused, since the thread that paused them waits for the outer
 * run.
 *
 * <p>As long as no thread has to wait, acquire and release cost two atomic instructions on memory
 * that the threads of no other permit write to.
 */
public final class RunGate {
    private static final VarHandle PERMIT = MethodHandles.arrayElementVarHandle(long[].class);

    /** Permits lie two cache lines apart, since processors fetch them in pairs. */
    private static final int SPACING = 128 / Long.BYTES;

    /** No thread has this number. */
    private static final long FREE = 0;

    private final String model;
    private final int count;

    /** Null if nobody listens. */
    private final RunListener listener;

    /** The number of the thread that holds each. */
    private final long[] permits;

    private final AtomicInteger next = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final Condition returnedToNested = lock.newCondition();
    private final Condition drained = lock.newCondition();

    /**
     * Set while a thread waits or pauses runs: acquire then takes the lock, and release signals.
     * Written under the lock.
     */
    private volatile boolean contended;

    /** Guarded by the lock. */
    private int waiting;

    /** How many permits the waiting threads hold; guarded by the lock. */
    private int stuck;

    /** Guarded by the lock. */
    private boolean paused;

    /**
     * Makes a gate.
     *
     * @param count how many runs may be in flight, at least 1
     * @param listener hears of waits; null if nobody listens
     */
    public RunGate(String model, int count, RunListener listener) {
        this.model = model;
        this.count = count;
        this.listener = listener;
        // The first and the last have neighbours that are not permits.
        permits = new long[(count + 1) * SPACING];
    }

    /** Returns how many runs may be in flight. */
    public int permitCount() {
        return count;
    }

    /** Proposes a permit to prefer for a caller that runs again and again: each in turn. */
    public int proposePermit() {
        return Integer.remainderUnsigned(next.getAndIncrement(), count);
    }

    /**
     * Acquires a permit, waiting until there is one. An interrupt does not end the wait; it stays
     * pending.
     *
     * @return a permit, to be {@linkplain #release released} by this thread
     * @throws IllegalStateException if all permits are held by runs whose threads wait for another
     *     one, this thread's among them
     */
    public int acquire(int preferred) {
        return !contended && tryAcquire(preferred) ? preferred : acquireSlowly();
    }

    /** Releases a permit. */
    public void release(int permit) {
        free(permit);
        // A waiting thread has set this before looking at the permit again.
        if (contended) {
            signal();
        }
    }

    /** Returns whether this thread holds a permit: it is in an operator that a run has called. */
    public boolean isInRun() {
        return permitsOfThisThread() > 0;
    }

    private int acquireSlowly() {
        if (listener == null) {
            return recordedWait();
        }
        long start = System.nanoTime();
        int permit = recordedWait();
        try {
            listener.waited(System.nanoTime() - start);
        } catch (Throwable e) {
            release(permit);
            throw e;
        }
        return permit;
    }

    private int recordedWait() {
        if (!Recorder.isOn()) {
            return waitForPermit();
        }
        var event = new QueueWait(model, count);
        try {
            return waitForPermit();
        } finally {
            event.commit();
        }
    }

    private int waitForPermit() {
        lock.lock();
        try {
            int own = permitsOfThisThread();
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
        int permit = paused ? -1 : tryAcquireAny();
        while (permit < 0) {
            returned.awaitUninterruptibly();
            permit = paused ? -1 : tryAcquireAny();
        }
        return permit;
    }

    private int awaitNested(int own) {
        int permit = tryAcquireAny();
        if (permit < 0 && stuck + own == count) {
            throw new IllegalStateException(
                    "a run within a run needs a runner of its own, and all %d are in use by runs that wait for one: load the model with more (ModelOptions.runners)"
                            .formatted(count));
        }
        stuck += own;
        while (permit < 0) {
            returnedToNested.awaitUninterruptibly();
            permit = tryAcquireAny();
        }
        stuck -= own;
        return permit;
    }

    private int permitsOfThisThread() {
        long thread = Thread.currentThread().threadId();
        int own = 0;
        for (int permit = 0; permit < count; permit++) {
            // Only this thread writes its number, or takes it away.
            if ((long) PERMIT.getOpaque(permits, place(permit)) == thread) {
                own++;
            }
        }
        return own;
    }

    private int tryAcquireAny() {
        for (int permit = 0; permit < count; permit++) {
            if (tryAcquire(permit)) {
                return permit;
            }
        }
        return -1;
    }

    private void signal() {
        lock.lock();
        try {
            if (lock.hasWaiters(returnedToNested)) {
                returnedToNested.signal();
            } else if (paused) {
                drained.signal();
            } else {
                returned.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the runs in flight and lets no other begin. One thread at a time may do so, and it
     * must hold no permit.
     */
    public void pauseRuns() {
        lock.lock();
        try {
            paused = true;
            contended = true;
            // All at once: a run in flight may still need another permit for a run within it.
            while (!tryAcquireAll()) {
                drained.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean tryAcquireAll() {
        for (int permit = 0; permit < count; permit++) {
            if (!tryAcquire(permit)) {
                while (permit > 0) {
                    free(--permit);
                }
                return false;
            }
        }
        return true;
    }

    /** Lets runs begin again. Called by the thread that paused them. */
    public void resumeRuns() {
        lock.lock();
        try {
            for (int permit = 0; permit < count; permit++) {
                free(permit);
            }
            paused = false;
            returned.signalAll();
            calm();
        } finally {
            lock.unlock();
        }
    }

    private boolean tryAcquire(int permit) {
        return PERMIT.compareAndSet(
                permits, place(permit), FREE, Thread.currentThread().threadId());
    }

    private void free(int permit) {
        PERMIT.setVolatile(permits, place(permit), FREE);
    }

    private static int place(int permit) {
        return (permit + 1) * SPACING - 1;
    }

    private void calm() {
        if (waiting == 0 && !paused) {
            contended = false;
        }
    }
}
