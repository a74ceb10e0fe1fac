package io.github.aoti4j.internal.container;

import java.lang.foreign.MemorySegment;

/**
 * One run of a model: its permit, and the native memory that it passes. Made once and entered by
 * one run at a time, so that a run makes no object.
 *
 * <pre>{@code
 * try (RunScope run = …) {     // has acquired a permit
 *     …                        // set the inputs of run.slot()
 *     run.call(stream);
 *     …                        // read or take over the outputs of run.slot()
 * }
 * }</pre>
 */
public final class RunScope implements AutoCloseable {
    private final Container container;
    private final RunGate gate;
    private final RunSlot slot;

    /** Whether the inputs stay bound from run to run, and the outputs until the next one. */
    private final boolean bound;

    private final int preferred;
    private int permit;

    RunScope(Container container, RunGate gate, RunSlot slot, boolean bound, int preferred) {
        this.container = container;
        this.gate = gate;
        this.slot = slot;
        this.bound = bound;
        this.preferred = preferred;
    }

    /** Makes a scope for runs on inputs that stay bound, with a slot of its own. */
    public static RunScope bound(Container container, RunGate gate, RunSlot slot) {
        return new RunScope(container, gate, slot, true, gate.proposePermit());
    }

    /** Acquires a permit. The caller has checked the stack and keeps the model open. */
    public RunScope enter() {
        return begin(gate.acquire(preferred));
    }

    RunScope begin(int acquired) {
        permit = acquired;
        return this;
    }

    public RunSlot slot() {
        return slot;
    }

    public int permit() {
        return permit;
    }

    /**
     * Runs the model on the inputs in the slot, which then has its outputs.
     *
     * @param stream what does the work, which may go on when this returns; null on the CPU
     */
    public void call(MemorySegment stream) {
        container.run(permit, slot, stream);
    }

    /** Resets the slot, unless its inputs and outputs stay bound, and releases the permit. */
    @Override
    public void close() {
        try {
            if (!bound) {
                slot.reset();
            }
        } finally {
            gate.release(permit);
        }
    }
}
