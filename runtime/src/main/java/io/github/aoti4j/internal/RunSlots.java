package io.github.aoti4j.internal;

import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Hands out run slots: as many runs may be in flight as there are slots, the others wait here.
 *
 * <p>They wait in Java and not in the container's own queue, which has a flaw: a run that fails
 * returns its model without waking who waits for one ({@code AOTInductorModelContainer::run} in
 * {@code model_container.h}, up to 2.14).
 */
public final class RunSlots {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final RunSlot[] free;
    private final Condition drained = lock.newCondition();
    private int count;

    /** Whether someone waits for all slots, before all who wait for one. */
    private boolean draining;

    /**
     * Allocates all slots.
     *
     * @param runners how many
     * @param numInputs the model's number of inputs
     * @param numOutputs the model's number of outputs
     */
    public RunSlots(int runners, int numInputs, int numOutputs) {
        free = new RunSlot[runners];
        for (int i = 0; i < runners; i++) {
            free[i] = new RunSlot(numInputs, numOutputs);
        }
        count = runners;
    }

    /**
     * Takes a slot, waiting for one if all are in use. An interrupt does not end the wait; it stays
     * pending.
     *
     * @return a slot of this thread's own until {@link #give}
     */
    public RunSlot take() {
        lock.lock();
        try {
            while (count == 0 || draining) {
                returned.awaitUninterruptibly();
            }
            return free[--count];
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns a slot.
     *
     * @param slot taken before, and reset
     */
    public void give(RunSlot slot) {
        lock.lock();
        try {
            free[count++] = slot;
            if (draining) {
                drained.signal();
            } else {
                returned.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes all slots, waiting for the runs in flight; no run starts meanwhile. Only one thread at
     * a time may ask, and it must hold no slot.
     *
     * @return all slots, until {@link #giveAll}
     */
    List<RunSlot> takeAll() {
        lock.lock();
        try {
            draining = true;
            while (count < free.length) {
                drained.awaitUninterruptibly();
            }
            count = 0;
            return List.of(free);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns all slots and lets runs start again.
     *
     * @param slots what {@link #takeAll} gave
     */
    void giveAll(List<RunSlot> slots) {
        lock.lock();
        try {
            for (RunSlot slot : slots) {
                free[count++] = slot;
            }
            draining = false;
            returned.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
