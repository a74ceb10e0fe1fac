package io.github.aoti4j.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.ModelApi;
import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The native scratch memory of one run: handle arrays, result slots, a shape. Made once and used by
 * one run at a time, so that running opens no arena.
 */
public final class RunSlot {
    /** The largest rank that is passed on; PyTorch itself knows no limit, its kernels do. */
    public static final int MAX_RANK = 64;

    private final MemorySegment inputs;
    private final MemorySegment outputs;
    private final MemorySegment[] inputSlots;
    private final MemorySegment sizes;
    private final MemorySegment strides;
    private final MemorySegment scratch;
    private final int numOutputs;

    /** Arenas that a run holds open, by a segment of each. */
    private final MemorySegment[] held;

    private int heldCount;

    /**
     * Allocates a slot.
     *
     * @param numInputs the model's number of inputs
     * @param numOutputs the model's number of outputs
     */
    public RunSlot(int numInputs, int numOutputs) {
        // Garbage collected with the slot: no arena to close, and addresses that cost no liveness
        // check per call.
        Arena arena = Arena.ofAuto();
        this.inputs = arena.allocate(ADDRESS, Math.max(numInputs, 1));
        this.outputs = arena.allocate(ADDRESS, Math.max(numOutputs, 1));
        this.inputSlots = new MemorySegment[numInputs];
        for (int i = 0; i < numInputs; i++) {
            inputSlots[i] = inputs.asSlice(i * ADDRESS.byteSize(), ADDRESS);
        }
        this.sizes = arena.allocate(JAVA_LONG, MAX_RANK);
        this.strides = arena.allocate(JAVA_LONG, MAX_RANK);
        this.scratch = arena.allocate(JAVA_LONG);
        this.numOutputs = numOutputs;
        this.held = new MemorySegment[Math.max(numInputs, 1)];
    }

    /**
     * Makes a native tensor over an input's memory and holds its arena open for the run.
     *
     * @param index the input
     * @param segment the elements
     * @param dtype the element type's code
     * @param shape the sizes, of at most {@link #MAX_RANK} dimensions
     * @param elementStrides the strides
     */
    public void bindInput(
            int index, MemorySegment segment, int dtype, long[] shape, long[] elementStrides) {
        for (int d = 0; d < shape.length; d++) {
            sizes.setAtIndex(JAVA_LONG, d, shape[d]);
            strides.setAtIndex(JAVA_LONG, d, elementStrides[d]);
        }
        hold(segment);
        TorchApi.createTensorFromBlob(
                segment, shape.length, sizes, strides, dtype, inputSlots[index]);
    }

    private void hold(MemorySegment segment) {
        MemorySegment.Scope scope = segment.scope();
        for (int i = 0; i < heldCount; i++) {
            if (held[i].scope().equals(scope)) {
                return;
            }
        }
        if (heldCount == ModelApi.MAX_HELD) {
            throw new InvalidInputException(
                    "the inputs lie in more than %d arenas; make them in fewer"
                            .formatted(ModelApi.MAX_HELD));
        }
        held[heldCount++] = segment;
    }

    /**
     * Returns the array of input handles.
     *
     * @return native memory of this slot
     */
    public MemorySegment inputs() {
        return inputs;
    }

    /**
     * Returns the array of output handles, all null before a run.
     *
     * @return native memory of this slot
     */
    public MemorySegment outputs() {
        return outputs;
    }

    /**
     * Returns a place for one result.
     *
     * @return eight bytes of native memory
     */
    public MemorySegment scratch() {
        return scratch;
    }

    /**
     * Returns the segments whose arenas the run holds open.
     *
     * @return the first {@link #heldCount()} are set
     */
    public MemorySegment[] held() {
        return held;
    }

    /**
     * Returns how many arenas the run holds open.
     *
     * @return at most the number of inputs
     */
    public int heldCount() {
        return heldCount;
    }

    /**
     * Reads an output handle.
     *
     * @param index the output
     * @return the handle; null where the model left none
     */
    public MemorySegment output(int index) {
        return outputs.getAtIndex(ADDRESS, index);
    }

    /**
     * Gives each output a handle of its own: a model that returns one tensor twice leaves one
     * handle in both places, as PyTorch's own loader knows too.
     *
     * @throws NativeException if a handle cannot be made; the slot then holds none twice
     */
    public void separateOutputs() {
        NativeException failure = null;
        for (int i = 1; i < numOutputs; i++) {
            MemorySegment handle = output(i);
            if (handle.address() != 0 && isAmongFirst(i, handle.address())) {
                outputs.setAtIndex(JAVA_LONG, i, 0);
                try {
                    TorchApi.newTensorHandle(handle, scratch);
                    outputs.setAtIndex(ADDRESS, i, scratch.get(ADDRESS, 0));
                } catch (NativeException e) {
                    failure = e;
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private boolean isAmongFirst(int count, long handle) {
        for (int i = 0; i < count; i++) {
            if (outputs.getAtIndex(JAVA_LONG, i) == handle) {
                return true;
            }
        }
        return false;
    }

    /**
     * Replaces an output by a copy whose memory holds what its elements stand for.
     *
     * @param index the output
     * @return the copy's handle, now in the output's place
     */
    public MemorySegment resolveOutput(int index) {
        MemorySegment lazy = output(index);
        TorchApi.cloneTensor(lazy, scratch);
        outputs.setAtIndex(ADDRESS, index, scratch.get(ADDRESS, 0));
        TorchApi.deleteTensor(lazy);
        return output(index);
    }

    /**
     * Makes the slot ready for another run: deletes what no one took over, forgets the rest.
     *
     * @throws NativeException if something could not be deleted; the slot is ready all the same
     */
    public void reset() {
        NativeException failure = deleteAll(inputs, inputSlots.length, null);
        failure = deleteAll(outputs, numOutputs, failure);
        for (int i = 0; i < heldCount; i++) {
            held[i] = null;
        }
        heldCount = 0;
        if (failure != null) {
            throw failure;
        }
    }

    /** Marks all outputs as taken over by the caller. */
    public void releaseOutputs() {
        for (int i = 0; i < numOutputs; i++) {
            outputs.setAtIndex(JAVA_LONG, i, 0);
        }
    }

    private static NativeException deleteAll(
            MemorySegment array, int count, NativeException failure) {
        for (int i = 0; i < count; i++) {
            MemorySegment handle = array.getAtIndex(ADDRESS, i);
            if (handle.address() != 0) {
                array.setAtIndex(JAVA_LONG, i, 0);
                try {
                    TorchApi.deleteTensor(handle);
                } catch (NativeException e) {
                    failure = e;
                }
            }
        }
        return failure;
    }
}
