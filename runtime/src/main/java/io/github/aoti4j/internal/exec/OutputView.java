package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The view of one output of a runner, kept from run to run as long as the output stays in its
 * place.
 *
 * <p>The memory behind a view is freed by the next run. No view may outlive it: once a view has
 * been asked for, the output is looked at after each run, and if it has moved the view is closed.
 * Between these nothing can read it, since it is confined to the thread that runs.
 */
public final class OutputView {
    private final RunSlot slot;
    private final OutputReader reader;
    private final TensorView[] inputs;

    /** The view's lifetime; null if there is no view. */
    private Arena arena;

    /** Null also where the model returned None. */
    private TensorView tensor;

    public OutputView(RunSlot slot, OutputReader reader, TensorView[] inputs) {
        this.slot = slot;
        this.reader = reader;
        this.inputs = inputs;
    }

    /** The view of the latest run's output. */
    public TensorView tensor() {
        if (arena == null) {
            Arena fresh = Arena.ofConfined();
            try {
                tensor = reader.read(slot, inputs, fresh, null);
            } catch (Throwable e) {
                Closeables.closeAfter(e, fresh);
                throw e;
            }
            arena = fresh;
        }
        return tensor;
    }

    /** Copies the latest run's output in row-major order. */
    public long copyTo(MemorySegment target) {
        return reader.copy(slot, inputs, target);
    }

    /** Whether a tensor lies in the memory of the latest run's output, and dies with this view. */
    public boolean owns(TensorView other) {
        return arena != null && other.segment().scope().equals(arena.scope());
    }

    /** Closes the view if the run that has just ended left the output elsewhere. */
    public void follow() {
        if (arena != null && !isInPlace()) {
            forget();
        }
    }

    private boolean isInPlace() {
        return tensor != null
                && reader.isAt(slot, tensor)
                // A view of an input ends with the input.
                && tensor.segment().scope().isAlive();
    }

    /** Closes the view, if there is one. */
    public void forget() {
        if (arena != null) {
            Arena old = arena;
            arena = null;
            tensor = null;
            old.close();
        }
    }
}
