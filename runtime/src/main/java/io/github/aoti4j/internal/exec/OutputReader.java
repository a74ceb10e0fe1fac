package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Turns one output of a model's runs into tensors. Thread-safe.
 *
 * <p>What an output was like the last time is kept and compared, which takes fewer calls than to
 * ask for all. Its element type, its number of dimensions, its device and whether it is dense
 * memory stand in the model's code; only sizes and strides can differ from run to run. Not so where
 * a model calls operators, whose results it may return as they come.
 */
public final class OutputReader {
    private final int index;
    private final String name;

    private final Backend backend;

    /** Whether the output may be what an operator has returned. */
    private final boolean callsBack;

    /** What the latest output was like. Immutable, so that racing threads read one or the other. */
    private Layout latest;

    private record Layout(NativeTensor tensor, long elementBytes, boolean contiguous) {
        static Layout of(NativeTensor tensor) {
            return new Layout(
                    tensor,
                    Shapes.elementCount(tensor.shape()) * tensor.dtype().byteSize(),
                    Shapes.isContiguous(tensor.shape(), tensor.strides()));
        }

        boolean fits(TensorApi tensors, long handle, long scratch, boolean callsBack) {
            // A complex tensor may stand for its conjugate, and a later one may not.
            DType dtype = tensor.dtype();
            long[] shape = tensor.shape();
            return !dtype.isComplex()
                    && (!callsBack
                            || tensors.hasTypeAndRank(handle, dtype.code(), shape.length, scratch))
                    && tensors.hasSizes(handle, shape, scratch)
                    && tensors.hasStrides(handle, tensor.strides(), scratch);
        }
    }

    public OutputReader(int index, String name, Backend backend, boolean callsBack) {
        this.index = index;
        this.name = name;
        this.backend = backend;
        this.callsBack = callsBack;
    }

    public String name() {
        return name;
    }

    /**
     * Makes a view of the output that a run has left in a slot; its handle stays the slot's.
     *
     * @param inputs the run's; an output within one of them shares its memory's lifetime
     * @param arena the lifetime of other outputs
     * @param uses the work of devices on the outputs; null for a model on the CPU
     * @return null where the model left none
     */
    public TensorView read(RunSlot slot, TensorView[] inputs, Arena arena, MemoryUses uses) {
        Layout layout = layout(slot, inputs);
        if (layout == null) {
            return null;
        }
        long address = address(slot);
        TensorView input = inputAround(address, layout.tensor.bytes(), inputs);
        return backend.view(layout.tensor, address, input, arena, uses);
    }

    /** The input that an output lies in; null if the output has memory of its own. */
    private static TensorView inputAround(long address, long bytes, TensorView[] inputs) {
        if (bytes > 0) {
            for (TensorView input : inputs) {
                long offset = address - input.segment().address();
                if (offset >= 0 && bytes <= input.spanBytes() - offset) {
                    return input;
                }
            }
        }
        return null;
    }

    /**
     * Whether the output of the latest run is what a view of an earlier one shows. Not asked for a
     * model that calls operators: its views end as a run begins.
     */
    public boolean isAt(RunSlot slot, TensorView view) {
        long handle = slot.outputAddress(index);
        long scratch = slot.scratchAddress();
        TensorApi tensors = slot.tensors();
        return handle != 0
                && !view.dtype().isComplex()
                && tensors.isAt(
                        handle, view.segment().address(), view.shape(), view.strides(), scratch);
    }

    /**
     * Copies the elements of the output that a run has left in a slot, in row-major order.
     *
     * @param inputs the run's; an output within one of them can be read as long as that can
     */
    long copy(RunSlot slot, TensorView[] inputs, MemorySegment target) {
        Layout layout = layout(slot, inputs);
        if (layout == null) {
            return 0;
        }
        if (target.byteSize() < layout.elementBytes) {
            throw new InvalidInputException(
                    "output \"%s\" has %d bytes, but the target has %d"
                            .formatted(name, layout.elementBytes, target.byteSize()));
        }
        long address = address(slot);
        NativeTensor tensor = layout.tensor;
        TensorView around = inputAround(address, tensor.bytes(), inputs);
        MemorySegment input = around == null ? null : around.segment();
        if (layout.contiguous && input == null) {
            RawMemory.copy(address, target, tensor.bytes());
        } else if (layout.contiguous) {
            MemorySegment.copy(input, address - input.address(), target, 0, tensor.bytes());
        } else {
            StridedCopy.gather(
                    input == null
                            ? MemorySegment.ofAddress(address).reinterpret(tensor.bytes())
                            : input.asSlice(address - input.address(), tensor.bytes()),
                    tensor.shape(),
                    tensor.strides(),
                    tensor.dtype().byteSize(),
                    target);
        }
        return layout.elementBytes;
    }

    private long address(RunSlot slot) {
        return slot.tensors().dataAddress(slot.outputAddress(index), slot.scratchAddress());
    }

    /** What the output is like; null where the model left none. May replace it by a copy. */
    private Layout layout(RunSlot slot, TensorView[] inputs) {
        long handle = slot.outputAddress(index);
        Layout layout = latest;
        if (layout == null
                || handle == 0
                || !layout.fits(slot.tensors(), handle, slot.scratchAddress(), callsBack)) {
            layout = ask(slot, inputs);
            latest = layout == null ? latest : layout;
        }
        return layout;
    }

    private Layout ask(RunSlot slot, TensorView[] inputs) {
        TensorApi tensors = slot.tensors();
        long handle = slot.outputAddress(index);
        long scratch = slot.scratchAddress();
        if (handle == 0 || !tensors.isDefined(handle, scratch)) {
            return null;
        }
        String what = "output \"" + name + "\"";
        NativeTensor tensor = backend.describe(handle, scratch, what);
        if (tensor.dtype().isComplex() && tensors.isConjugated(handle, scratch)) {
            // Made outside of the run, so in the order of no work that others could wait for.
            backend.await();
            TensorView input = inputAround(tensor.address(), 1, inputs);
            handle =
                    slot.resolveOutput(index, input == null ? MemorySegment.NULL : input.segment());
            backend.await();
            tensor = backend.describe(handle, scratch, what);
        }
        return Layout.of(tensor);
    }
}
