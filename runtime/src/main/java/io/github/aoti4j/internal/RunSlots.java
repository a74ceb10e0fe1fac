package io.github.aoti4j.internal;

/**
 * The run slots of a model: one for each lane of its gate. Thread-safe.
 *
 * @see RunGate
 */
public final class RunSlots implements AutoCloseable {
    private final RunGate gate;
    private final RunSlot[] slots;

    /**
     * Allocates all slots.
     *
     * @param model the model's name, for people
     * @param runners how many
     * @param numInputs the model's number of inputs
     * @param numOutputs the model's number of outputs
     */
    public RunSlots(String model, int runners, int numInputs, int numOutputs) {
        gate = new RunGate(model, runners);
        slots = new RunSlot[runners];
        for (int i = 0; i < runners; i++) {
            slots[i] = new RunSlot(numInputs, numOutputs);
        }
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
     * Takes a lane and its slot, waiting for one if all are in use. An interrupt does not end the
     * wait; it stays pending.
     *
     * @return the lane, of this thread's own until {@link #give}
     */
    public int take() {
        // A thread that comes again finds what it left: its inputs are still known there.
        return gate.enter((int) (Thread.currentThread().threadId() % slots.length));
    }

    /**
     * Returns a lane's slot.
     *
     * @param lane taken
     * @return the slot
     */
    public RunSlot slot(int lane) {
        return slots[lane];
    }

    /**
     * Returns a lane.
     *
     * @param lane taken before, its slot reset
     */
    public void give(int lane) {
        gate.leave(lane);
    }

    /** Deletes what the slots keep. No run may be in flight. */
    @Override
    public void close() {
        for (RunSlot slot : slots) {
            slot.forgetInputs();
        }
    }
}
