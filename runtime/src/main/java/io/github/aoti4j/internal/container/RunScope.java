package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.internal.device.Backend;

import java.lang.foreign.MemorySegment;

/**
 * One run of a model: its permit, and the native memory that it passes. Made once and entered by
 * one run at a time, so that a run makes no object.
 *
 * <pre>{@code
 * try (RunScope run = scope.begin(gate.acquire(preferred))) {
 *     …                        // set the inputs of run.slot()
 *     run.give(stream);
 *     …                        // read or take over the outputs of run.slot()
 * }
 * }</pre>
 */
public final class RunScope implements AutoCloseable, Backend.Work {
    private final Container container;
    private final RunGate gate;
    private final RunSlot slot;

    private final TensorApi tensors;
    private final boolean bound;
    private int permit;

    /** What the thread used before this run. */
    private Object before;

    /**
     * Makes a scope.
     *
     * @param bound whether the inputs stay bound from run to run, and the outputs until the next
     *     one; the slot is reset after each run otherwise
     */
    public RunScope(Container container, RunGate gate, RunSlot slot, boolean bound) {
        this.container = container;
        this.gate = gate;
        this.slot = slot;
        this.tensors = slot.tensors();
        this.bound = bound;
    }

    /** Begins a run with a permit that its thread has acquired. */
    public RunScope begin(int acquired) {
        // What does not change is not written: other threads may read what lies beside it.
        if (permit != acquired) {
            permit = acquired;
        }
        try {
            Object outer = tensors.enter();
            if (outer != null) {
                before = outer;
            }
        } catch (Throwable e) {
            gate.release(acquired);
            throw e;
        }
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
    @Override
    public void give(MemorySegment stream) {
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
            Object outer = before;
            if (outer != null) {
                before = null;
            }
            try {
                tensors.leave(outer);
            } finally {
                gate.release(permit);
            }
        }
    }
}
