package io.github.aoti4j;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.internal.RunSlot;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The view of one output of a runner, kept from run to run as long as the output stays in its
 * place.
 *
 * <p>The memory behind a view is freed by the next run. No view may outlive it: once a view has been
 * asked for, the output is looked at after each run, and if it has moved the view is closed. Between
 * these nothing can read it, since it is confined to the thread that runs.
 */
final class OutputView {
    private final RunSlot slot;
    private final int index;
    private final String name;
    private final Tensor[] inputs;

    /** The view's lifetime; null if there is no view. */
    private Arena arena;

    /** Null also where the model returned None. */
    private Tensor tensor;

    private long address;

    OutputView(RunSlot slot, int index, String name, Tensor[] inputs) {
        this.slot = slot;
        this.index = index;
        this.name = name;
        this.inputs = inputs;
    }

    /** The view of the latest run's output. */
    Tensor tensor() {
        if (arena == null) {
            Arena fresh = Arena.ofConfined();
            try {
                tensor = Outputs.view(slot, index, name, inputs, fresh);
            } catch (Throwable e) {
                fresh.close();
                throw e;
            }
            address = tensor == null ? 0 : tensor.segment().address();
            arena = fresh;
        }
        return tensor;
    }

    /** Closes the view if the run that has just ended left the output elsewhere. */
    void follow() {
        if (arena != null && !isInPlace()) {
            forget();
        }
    }

    private boolean isInPlace() {
        MemorySegment handle = slot.output(index);
        MemorySegment scratch = slot.scratch();
        return tensor != null
                && handle.address() != 0
                && TorchApi.isDefined(handle, scratch)
                // Complex ones may stand for their conjugates, and then are copied for the view.
                && !tensor.dtype().isComplex()
                && TorchApi.dataAddress(handle, scratch) == address
                && TorchApi.hasSizes(handle, tensor.shapeUnsafe(), scratch)
                && TorchApi.hasStrides(handle, tensor.stridesUnsafe(), scratch)
                // A view of an input ends with the input.
                && tensor.segment().scope().isAlive();
    }

    /** Closes the view, if there is one. */
    void forget() {
        if (arena != null) {
            Arena old = arena;
            arena = null;
            tensor = null;
            old.close();
        }
    }
}
