package io.github.aoti4j;

import io.github.aoti4j.bindings.TensorCalls;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.RunSlot;

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
     */
    static List<Tensor> adopt(
            RunSlot slot,
            OutputReader[] readers,
            Tensor[] inputs,
            Arena arena,
            Container container,
            ConstantSet constants) {
        int count = readers.length;
        List<Tensor> outputs = new ArrayList<>(count);
        long[] handles = new long[count];
        for (int i = 0; i < count; i++) {
            outputs.add(readers[i].read(slot, inputs, arena));
            handles[i] = slot.outputAddress(i);
        }
        // The last step that can fail, and the one that hands over.
        MemorySegment.NULL.reinterpret(arena, _ -> delete(handles, container, constants));
        slot.releaseOutputs();
        return Collections.unmodifiableList(outputs);
    }

    /** Lets go of all that an arena held for its outputs. */
    static void delete(long[] handles, Container container, ConstantSet constants) {
        NativeException failure = null;
        try {
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
