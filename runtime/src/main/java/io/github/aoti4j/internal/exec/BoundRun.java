package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.constants.ConstantSet;
import io.github.aoti4j.internal.container.Handles;
import io.github.aoti4j.internal.container.RunScope;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.MemorySegment;

/**
 * A model's run on inputs that stay bound, to be made again and again: keeps the model alive, and
 * the constants that the outputs of the latest run may look into. Of one thread at a time.
 *
 * <pre>{@code
 * try (RunScope _ = run.enter()) {
 *     run.run(stream);
 * }
 * }</pre>
 */
public final class BoundRun implements AutoCloseable, Backend.Work {
    private final NativeModel model;
    private final NativeModel.Use use;
    private final RunSlot slot;
    private final RunScope scope;
    private final int preferred;
    private final boolean onCpu;

    /** The native tensors over the bound memory; 0 where nothing is bound. */
    private final long[] inputs;

    /** Null before the first run: an update may free the set under a caller without a permit. */
    private ConstantSet constants;

    /** Keeps the model alive until this is closed, unless this constructor fails. */
    public BoundRun(NativeModel model) {
        this.model = model;
        slot = model.container().newSlot();
        scope = new RunScope(model.container(), model.gate(), slot, true);
        preferred = model.gate().proposePermit();
        onCpu = model.container().device().isCpu();
        inputs = new long[model.container().inputNames().size()];
        use = model.acquire();
    }

    /**
     * Binds a tensor, whose memory must stay until another one is bound or this is closed.
     *
     * @return the native tensor that was bound before, to be deleted by the caller; 0 if there was
     *     none
     */
    public long bind(int index, TensorView tensor) {
        long next = slot.newLentTensor(tensor);
        long before = inputs[index];
        inputs[index] = next;
        return before;
    }

    /** Requires stack for a run, before anything is acquired. */
    public void requireStack() {
        model.container().requireStack();
    }

    /** Returns whether a run may call operators that are written in Java. */
    public boolean callsBack() {
        return model.container().callsBack();
    }

    /** Holds the outputs of the latest run. */
    public RunSlot slot() {
        return slot;
    }

    /**
     * Begins a run. Constants are not exchanged until the scope is closed.
     *
     * @throws IllegalStateException if the model is closed
     * @throws StackOverflowError if this thread has too little stack for a run
     */
    public RunScope enter() {
        model.requireOpen();
        requireStack();
        return scope.begin(model.gate().acquire(preferred));
    }

    /** Returns whether the constants are still those of the latest run. To be asked in a run. */
    public boolean isUpToDate() {
        return model.constants().isCurrent(constants);
    }

    /**
     * Deletes the outputs of the run before and runs the model. To be called in a run. If this
     * fails, there are no outputs.
     *
     * @param stream what does the work, always the same; null on the CPU
     */
    public void run(MemorySegment stream) {
        if (onCpu) {
            give(MemorySegment.NULL);
        } else {
            model.container().backend().runInOrder(stream, this);
        }
    }

    @Override
    public void give(MemorySegment stream) {
        try {
            slot.deleteOutputs();
            if (!isUpToDate()) {
                ConstantSet old = constants;
                constants = model.constants().acquire();
                if (old != null) {
                    old.release();
                }
            }
            for (int i = 0; i < inputs.length; i++) {
                slot.lendInput(i, inputs[i]);
            }
            scope.give(stream);
        } catch (Throwable e) {
            Closeables.closeAfter(e, slot::deleteHandles);
            throw e;
        }
    }

    /** Deletes outputs and native inputs; a stream must have come to the end of its work. */
    @Override
    public void close() {
        try (NativeModel.Use _ = use;
                ConstantSet _ = constants;
                slot) {
            NativeException failure = slot.deleteAll();
            for (int i = 0; i < inputs.length; i++) {
                long input = inputs[i];
                inputs[i] = 0;
                failure = Handles.takeBack(slot.tensors(), input, failure);
            }
            Handles.throwIfAny(failure);
        }
    }
}
