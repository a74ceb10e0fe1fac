package io.github.aoti4j.internal;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The run slots of a model: one for each run that its gate lets in at once. Thread-safe.
 *
 * @see RunGate
 */
public final class RunSlots implements AutoCloseable {
    private final RunGate gate;
    private final AtomicReferenceArray<RunSlot> free;

    /** The slot if there is one alone: then the gate says who has it. */
    private final RunSlot only;

    /**
     * Allocates all slots.
     *
     * @param runners how many
     * @param numInputs the model's number of inputs
     * @param numOutputs the model's number of outputs
     */
    public RunSlots(int runners, int numInputs, int numOutputs) {
        gate = new RunGate(runners);
        free = new AtomicReferenceArray<>(runners);
        for (int i = 0; i < runners; i++) {
            free.set(i, new RunSlot(numInputs, numOutputs));
        }
        only = runners == 1 ? free.get(0) : null;
    }

    /**
     * Returns what lets runs in, for who brings a slot along.
     *
     * @return the gate that {@link #take} passes too
     */
    public RunGate gate() {
        return gate;
    }

    /**
     * Takes a slot, waiting for one if all are in use. An interrupt does not end the wait; it stays
     * pending.
     *
     * @return a slot of this thread's own until {@link #give}
     */
    public RunSlot take() {
        gate.enter();
        if (only != null) {
            return only;
        }
        // The gate has let in no more than there are slots.
        for (int i = 0; ; i = (i + 1) % free.length()) {
            RunSlot slot = free.getAndSet(i, null);
            if (slot != null) {
                return slot;
            }
        }
    }

    /**
     * Returns a slot.
     *
     * @param slot taken before, and reset
     */
    public void give(RunSlot slot) {
        int i = 0;
        while (only == null && !free.compareAndSet(i, null, slot)) {
            i = (i + 1) % free.length();
        }
        gate.leave();
    }

    /** Deletes what the slots keep. No run may be in flight. */
    @Override
    public void close() {
        for (int i = 0; i < free.length(); i++) {
            free.get(i).forgetInputs();
        }
    }
}
