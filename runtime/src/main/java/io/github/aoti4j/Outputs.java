package io.github.aoti4j;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.ConstantStore;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.RunSlot;
import io.github.aoti4j.internal.Shapes;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

    /**
     * Makes a view of a constant; the arena's close lets go of it and of the container. If this
     * fails, the container is still the caller's.
     */
    static Tensor constant(Container container, String fqn, Arena arena) {
        ConstantStore.Current current =
                container
                        .constants()
                        .read(fqn)
                        .orElseThrow(
                                () ->
                                        new IncompatibleModelException(
                                                "there is no constant \"%s\" whose values can be read"
                                                        .formatted(fqn)));
        boolean adopted = false;
        try (Arena scratchArena = Arena.ofConfined()) {
            MemorySegment scratch = scratchArena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment handle = current.handle();
            if (!TorchApi.isStrided(handle, scratch)) {
                throw new IncompatibleModelException(
                        "constant \"%s\" is packed for a library and cannot be read"
                                .formatted(fqn));
            }
            int code = TorchApi.dtype(handle, scratch);
            DType dtype =
                    DType.ofCode(code)
                            .orElseThrow(
                                    () ->
                                            new IncompatibleModelException(
                                                    "constant \"%s\" has an element type unknown here: %d"
                                                            .formatted(fqn, code)));
            int rank = TorchApi.rank(handle, scratch);
            long[] shape = TorchApi.sizes(handle, rank, scratch);
            long[] strides = TorchApi.strides(handle, rank, scratch);
            MemorySegment memory =
                    MemorySegment.ofAddress(TorchApi.dataAddress(handle, scratch))
                            .reinterpret(
                                    Shapes.spanBytes(shape, strides, dtype.byteSize()), arena, null)
                            .asReadOnly();
            long[] handles = {handle.address()};
            MemorySegment.NULL.reinterpret(arena, _ -> delete(handles, container, current.set()));
            adopted = true;
            return Tensor.ofOutput(dtype, shape, strides, memory);
        } finally {
            if (!adopted) {
                TorchApi.deleteTensor(current.handle());
                current.set().release();
            }
        }
    }

    private static void delete(long[] handles, Container container, ConstantSet constants) {
        try {
            for (long handle : handles) {
                if (handle != 0) {
                    TorchApi.deleteTensor(MemorySegment.ofAddress(handle));
                }
            }
        } finally {
            constants.release();
            container.release();
        }
    }

    private static Tensor view(RunSlot slot, int index, String name, Tensor[] inputs, Arena arena) {
        MemorySegment handle = slot.output(index);
        MemorySegment scratch = slot.scratch();
        if (handle.address() == 0 || !TorchApi.isDefined(handle, scratch)) {
            return null;
        }
        if (TorchApi.deviceType(handle, scratch) != TorchApi.CPU
                || !TorchApi.isStrided(handle, scratch)) {
            throw unusable(name, "is not a dense tensor in CPU memory");
        }
        int code = TorchApi.dtype(handle, scratch);
        DType dtype =
                DType.ofCode(code)
                        .orElseThrow(
                                () -> unusable(name, "has an element type unknown here: " + code));
        if (dtype.isComplex() && TorchApi.isConjugated(handle, scratch)) {
            handle = slot.resolveOutput(index);
        }
        int rank = TorchApi.rank(handle, scratch);
        long[] shape = TorchApi.sizes(handle, rank, scratch);
        long[] strides = TorchApi.strides(handle, rank, scratch);
        long address = TorchApi.dataAddress(handle, scratch);
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        return Tensor.ofOutput(dtype, shape, strides, memory(address, bytes, inputs, arena));
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
                if (offset >= 0 && offset < segment.byteSize()) {
                    return segment.asSlice(offset, bytes);
                }
            }
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    private static IncompatibleModelException unusable(String name, String why) {
        return new IncompatibleModelException("output \"%s\" %s".formatted(name, why));
    }
}
