package io.github.aoti4j;

import io.github.aoti4j.bindings.TensorCalls;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.RunSlot;
import io.github.aoti4j.internal.cuda.MemoryUses;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Turns the handles that a run has left into tensors whose memory an arena owns. */
final class Outputs {
    private Outputs() {}

    /**
     * Takes all outputs over: the arena's close deletes the handles and then releases the
     * constants, which an output may alias, and the container. If this fails, handles and container
     * are still the caller's.
     *
     * @param uses who uses outputs on a device; null for a model on the CPU
     */
    static List<Tensor> adopt(
            RunSlot slot,
            OutputReader[] readers,
            Tensor[] inputs,
            Arena arena,
            Container container,
            ConstantSet constants,
            MemoryUses uses) {
        int count = readers.length;
        List<Tensor> outputs = new ArrayList<>(count);
        long[] handles = new long[count];
        for (int i = 0; i < count; i++) {
            outputs.add(readers[i].read(slot, inputs, arena, uses));
            handles[i] = slot.outputAddress(i);
        }
        // The last step that can fail, and the one that hands over.
        MemorySegment.NULL.reinterpret(arena, _ -> delete(handles, container, constants, uses));
        slot.releaseOutputs();
        return Collections.unmodifiableList(outputs);
    }

    /** Lets go of all that an arena held for its outputs, when no work in flight uses them. */
    static void delete(
            long[] handles, Container container, ConstantSet constants, MemoryUses uses) {
        NativeException failure = null;
        try {
            if (uses != null) {
                try {
                    uses.close();
                } catch (NativeException e) {
                    failure = e;
                }
            }
            for (long handle : handles) {
                try {
                    if (handle != 0) {
                        TensorCalls.delete(handle);
                    }
                } catch (NativeException e) {
                    failure = e;
                }
            }
            constants.release();
        } finally {
            container.release();
        }
        if (failure != null) {
            throw failure;
        }
    }
}
