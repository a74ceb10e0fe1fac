package io.github.aoti4j;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.NativeTensor;
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
            List<String> names,
            Tensor[] inputs,
            Arena arena,
            Container container,
            ConstantSet constants) {
        slot.separateOutputs();
        int count = names.size();
        List<Tensor> outputs = new ArrayList<>(count);
        long[] handles = new long[count];
        for (int i = 0; i < count; i++) {
            outputs.add(view(slot, i, names.get(i), inputs, arena));
            handles[i] = slot.output(i).address();
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
                        TorchApi.deleteTensor(MemorySegment.ofAddress(handle));
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

    private static Tensor view(RunSlot slot, int index, String name, Tensor[] inputs, Arena arena) {
        MemorySegment handle = slot.output(index);
        MemorySegment scratch = slot.scratch();
        if (handle.address() == 0 || !TorchApi.isDefined(handle, scratch)) {
            return null;
        }
        String what = "output \"" + name + "\"";
        DType dtype = NativeTensor.dtype(handle, scratch, what);
        if (dtype.isComplex() && TorchApi.isConjugated(handle, scratch)) {
            handle = slot.resolveOutput(index);
        }
        NativeTensor tensor = NativeTensor.of(handle, scratch, what);
        return Tensor.ofOutput(
                dtype,
                tensor.shape(),
                tensor.strides(),
                memory(tensor.address(), tensor.bytes(), inputs, arena));
    }

    /**
     * Memory of the output itself lives as long as the arena; memory of an input as long as the
     * input's.
     */
    private static MemorySegment memory(long address, long bytes, Tensor[] inputs, Arena arena) {
        if (bytes > 0) {
            for (Tensor input : inputs) {
                MemorySegment segment = input.segment();
                long offset = address - segment.address();
                if (offset >= 0 && bytes <= segment.byteSize() - offset) {
                    return segment.asSlice(offset, bytes);
                }
            }
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }
}
