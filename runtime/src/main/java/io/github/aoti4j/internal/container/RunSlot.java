package io.github.aoti4j.internal.container;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.model.RunArguments;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The native scratch memory of one run: handle arrays, result slots, a shape. Made once and used by
 * one run at a time, so that running opens no arena.
 */
public final class RunSlot implements AutoCloseable {
    private final Backend backend;
    private final TensorApi tensors;
    private final RunArguments arguments;
    private final MemorySegment inputs;
    private final MemorySegment outputs;
    private final MemorySegment[] inputSlots;
    private final MemorySegment sizes;
    private final MemorySegment strides;
    private final MemorySegment scratch;
    private final int numOutputs;

    /** The inputs of the run before, by their identities. */
    private final Object[] known;

    /** Native tensors over those of them that came twice in a row; 0 elsewhere. */
    private final long[] kept;

    /** Allocates a slot. */
    public RunSlot(Backend backend, int numInputs, int numOutputs) {
        this.backend = backend;
        this.tensors = backend.tensors().forRuns();
        // Garbage collected with the slot: no arena to close, and addresses that cost no liveness
        // check per call.
        Arena arena = Arena.ofAuto();
        this.arguments = new RunArguments(arena, numInputs, numOutputs);
        this.inputs = arguments.inputs();
        this.outputs = arguments.outputs();
        this.inputSlots = new MemorySegment[numInputs];
        for (int i = 0; i < numInputs; i++) {
            inputSlots[i] = inputs.asSlice(i * ADDRESS.byteSize(), ADDRESS);
        }
        this.sizes = arena.allocate(JAVA_LONG, Shapes.MAX_RANK);
        this.strides = arena.allocate(JAVA_LONG, Shapes.MAX_RANK);
        this.scratch = arena.allocate(JAVA_LONG);
        this.numOutputs = numOutputs;
        this.known = new Object[numInputs];
        this.kept = new long[numInputs];
    }

    /**
     * Returns whether an input is the one of the run before, which therefore has been checked.
     *
     * @return true if {@link #setInput} was last called with it
     */
    @SuppressWarnings("ReferenceEquality") // what an identity is for
    public boolean isKnown(int index, Object identity) {
        return known[index] == identity;
    }

    /**
     * Hands a tensor to the next run and holds its arena open for that. A tensor that comes a
     * second time in a row gets a native tensor that stays, of which further runs get handles: that
     * is cheaper than making one each time.
     */
    public void setInput(int index, TensorView tensor) {
        Object identity = tensor.identity();
        boolean isNew = !isKnown(index, identity);
        if (isNew) {
            forgetInput(index);
        }
        // Only now, since it may refuse: two inputs are known only if they were checked together.
        arguments.keepOpen(tensor.segment());
        if (isNew) {
            makeTensor(tensor, inputSlots[index]);
            known[index] = identity;
            return;
        }
        if (kept[index] == 0) {
            kept[index] = newTensor(tensor);
        }
        shareInput(index, kept[index]);
    }

    private void forgetInput(int index) {
        known[index] = null;
        long tensor = kept[index];
        if (tensor != 0) {
            kept[index] = 0;
            tensors.delete(tensor);
        }
    }

    /** Forgets all inputs and gives back the memory of these runs. There is no run any more. */
    @Override
    public void close() {
        try (tensors) {
            for (int i = 0; i < inputSlots.length; i++) {
                forgetInput(i);
            }
        }
    }

    /**
     * Makes a native tensor, to be lent to many runs ({@link #lendInput}).
     *
     * @param tensor of at most {@link Shapes#MAX_RANK} dimensions; its memory must outlive the
     *     native tensor
     * @return the handle, which the caller deletes
     */
    public long newTensor(TensorView tensor) {
        makeTensor(tensor, scratch);
        return scratch.get(JAVA_LONG, 0);
    }

    private void makeTensor(TensorView tensor, MemorySegment handle) {
        long[] shape = tensor.shape();
        long[] elementStrides = tensor.strides();
        for (int d = 0; d < shape.length; d++) {
            sizes.setAtIndex(JAVA_LONG, d, shape[d]);
            strides.setAtIndex(JAVA_LONG, d, elementStrides[d]);
        }
        backend.newTensor(tensors, tensor, sizes, strides, handle);
    }

    private void shareInput(int index, long tensor) {
        tensors.newHandle(tensor, inputs.address() + index * ADDRESS.byteSize());
    }

    /**
     * Lends the model a tensor that was made before ({@link TensorApi#lend}).
     *
     * @param tensor its handle, which stays the caller's
     */
    public void lendInput(int index, long tensor) {
        tensors.lend(tensor, inputs.address() + index * ADDRESS.byteSize());
    }

    /** The same as {@link #newTensor}, of a tensor to be lent ({@link #lendInput}). */
    public long newLentTensor(TensorView tensor) {
        long handle = newTensor(tensor);
        tensors.startLending(handle);
        return handle;
    }

    /** Returns the functions on tensors, with the memory of these runs. */
    public TensorApi tensors() {
        return tensors;
    }

    /** Returns what the model is called with. */
    public RunArguments arguments() {
        return arguments;
    }

    /** Returns eight bytes of native memory, a place for one result. */
    public MemorySegment scratch() {
        return scratch;
    }

    /** Returns the address of an output's handle; 0 where the model left none. */
    public long outputAddress(int index) {
        return outputs.getAtIndex(JAVA_LONG, index);
    }

    /** Returns the address of {@link #scratch()}, valid while the slot is reachable. */
    public long scratchAddress() {
        return scratch.address();
    }

    /**
     * Gives each output a handle of its own: a model that returns one tensor twice leaves one
     * handle in both places, as PyTorch's own loader knows too, and one that returns an input may
     * leave the handle that it was lent.
     *
     * @throws NativeException if a handle cannot be made; the slot then holds none twice
     */
    public void separateOutputs() {
        NativeException failure = null;
        for (int i = 0; i < numOutputs; i++) {
            long handle = outputAddress(i);
            if (handle != 0 && (isAmongFirst(i, handle) || tensors.isLent(handle))) {
                outputs.setAtIndex(JAVA_LONG, i, 0);
                try {
                    tensors.newHandle(handle, outputs.address() + i * ADDRESS.byteSize());
                } catch (NativeException e) {
                    outputs.setAtIndex(JAVA_LONG, i, 0);
                    failure = Closeables.join(failure, e);
                }
            }
        }
        Handles.throwIfAny(failure);
    }

    private boolean isAmongFirst(int count, long handle) {
        for (int i = 0; i < count; i++) {
            if (outputAddress(i) == handle) {
                return true;
            }
        }
        return false;
    }

    /**
     * Replaces an output by a copy whose memory holds what its elements stand for.
     *
     * @param memory what the output lies in, whose arena is held open
     * @return the copy's handle, now in the output's place
     * @throws IllegalStateException if the arena is closed
     */
    public long resolveOutput(int index, MemorySegment memory) {
        long lazy = outputAddress(index);
        tensors.copyToNew(lazy, scratch.address(), memory);
        outputs.setAtIndex(JAVA_LONG, index, scratch.get(JAVA_LONG, 0));
        tensors.delete(lazy);
        return outputAddress(index);
    }

    /**
     * Makes the slot ready for another run: deletes what was not taken over, releases the arenas.
     *
     * @throws NativeException if something could not be deleted; the slot is ready all the same
     */
    public void reset() {
        arguments.releaseArenas();
        deleteHandles();
    }

    /**
     * Deletes the handles that were not taken over, of inputs and outputs.
     *
     * @throws NativeException if something could not be deleted; all is forgotten all the same
     */
    public void deleteHandles() {
        Handles.throwIfAny(deleteAll());
    }

    /** The same as {@link #deleteHandles}, but returns the failure; null if there is none. */
    public NativeException deleteAll() {
        return deleteAll(outputs, numOutputs, deleteAll(inputs, inputSlots.length, null));
    }

    /** Deletes the outputs of the run before, as {@link #deleteHandles} does. */
    public void deleteOutputs() {
        // Nothing between this and the deletion: the compiler inlines only up to a depth of calls.
        NativeException failure = null;
        for (int i = 0; i < numOutputs; i++) {
            long handle = outputs.getAtIndex(JAVA_LONG, i);
            if (handle != 0) {
                outputs.setAtIndex(JAVA_LONG, i, 0);
                try {
                    tensors.delete(handle);
                } catch (NativeException e) {
                    failure = Closeables.join(failure, e);
                }
            }
        }
        Handles.throwIfAny(failure);
    }

    /** Hands all outputs over to the caller. */
    public long[] takeOutputs() {
        long[] handles = new long[numOutputs];
        for (int i = 0; i < numOutputs; i++) {
            handles[i] = outputAddress(i);
        }
        for (int i = 0; i < numOutputs; i++) {
            outputs.setAtIndex(JAVA_LONG, i, 0);
        }
        return handles;
    }

    private NativeException deleteAll(MemorySegment array, int count, NativeException failure) {
        for (int i = 0; i < count; i++) {
            long handle = array.getAtIndex(JAVA_LONG, i);
            if (handle != 0) {
                array.setAtIndex(JAVA_LONG, i, 0);
                failure = Handles.delete(tensors, handle, failure);
            }
        }
        return failure;
    }
}
