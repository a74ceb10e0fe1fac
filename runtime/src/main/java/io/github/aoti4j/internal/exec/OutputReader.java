package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.torch.FastTensorApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.MemoryUses;
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

    /** Whether the model runs on a CUDA device: others leave CPU memory, or are refused. */
    private final boolean onDevice;

    /** Whether the output may be what an operator has returned. */
    private final boolean callsBack;

    /** What the latest output was like. Immutable, so that racing threads read one or the other. */
    private Layout latest;

    @SuppressWarnings(
            "ArrayRecordComponent") // compared by what native code says, element by element
    private record Layout(
            DType dtype,
            long[] shape,
            long[] strides,
            long bytes,
            long elementBytes,
            boolean contiguous,
            Device device) {
        static Layout of(NativeTensor tensor) {
            return new Layout(
                    tensor.dtype(),
                    tensor.shape(),
                    tensor.strides(),
                    tensor.bytes(),
                    Shapes.elementCount(tensor.shape()) * tensor.dtype().byteSize(),
                    Shapes.isContiguous(tensor.shape(), tensor.strides()),
                    tensor.device());
        }

        boolean fits(long handle, long scratch, boolean callsBack) {
            // A complex tensor may stand for its conjugate, and a later one may not.
            return !dtype.isComplex()
                    && (!callsBack
                            || FastTensorApi.hasTypeAndRank(
                                    handle, dtype.code(), shape.length, scratch))
                    && FastTensorApi.hasSizes(handle, shape, scratch)
                    && FastTensorApi.hasStrides(handle, strides, scratch);
        }
    }

    public OutputReader(int index, String name, boolean onDevice, boolean callsBack) {
        this.index = index;
        this.name = name;
        this.onDevice = onDevice;
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
     * @param uses who uses the memory of outputs on a device; null for a model on the CPU
     * @return null where the model left none
     */
    public TensorView read(RunSlot slot, TensorView[] inputs, Arena arena, MemoryUses uses) {
        Layout layout = layout(slot, inputs);
        if (layout == null) {
            return null;
        }
        long address = FastTensorApi.dataAddress(slot.outputAddress(index), slot.scratchAddress());
        if (uses != null) {
            return onDevice(address, layout, inputs, arena, uses);
        }
        MemorySegment input = inputAt(address, layout.bytes, inputs);
        // Memory of the output itself lives as long as the arena; that of an input as long as the
        // input's.
        MemorySegment memory =
                input == null
                        ? MemorySegment.ofAddress(address).reinterpret(layout.bytes, arena, null)
                        : input.asSlice(address - input.address(), layout.bytes);
        return new TensorView(layout.dtype, layout.shape, layout.strides, memory);
    }

    /** An output of a model on a device: most likely there, but CPU memory can be among them. */
    private static TensorView onDevice(
            long address, Layout layout, TensorView[] inputs, Arena arena, MemoryUses uses) {
        TensorView input = inputAround(address, layout, inputs);
        MemorySegment memory =
                input == null
                        ? MemorySegment.ofAddress(address).reinterpret(layout.bytes, arena, null)
                        : input.segment()
                                .reinterpret(input.spanBytes())
                                .asSlice(address - input.segment().address(), layout.bytes);
        return new TensorView(
                layout.dtype,
                layout.shape,
                layout.strides,
                layout.device.isCpu() ? memory : memory.asSlice(0, 0),
                layout.device,
                input == null ? uses : input.uses());
    }

    /** The input that an output lies in; an address of a device is none of the CPU's. */
    private static TensorView inputAround(long address, Layout layout, TensorView[] inputs) {
        if (layout.bytes > 0) {
            for (TensorView input : inputs) {
                long offset = address - input.segment().address();
                if (offset >= 0 && layout.bytes <= input.spanBytes() - offset) {
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
        return handle != 0
                && FastTensorApi.dataAddress(handle, scratch) == view.segment().address()
                && !view.dtype().isComplex()
                && FastTensorApi.hasSizes(handle, view.shape(), scratch)
                && FastTensorApi.hasStrides(handle, view.strides(), scratch);
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
        long address = FastTensorApi.dataAddress(slot.outputAddress(index), slot.scratchAddress());
        MemorySegment input = inputAt(address, layout.bytes, inputs);
        if (layout.contiguous && input == null) {
            FastTensorApi.copy(address, target, layout.bytes);
        } else if (layout.contiguous) {
            MemorySegment.copy(input, address - input.address(), target, 0, layout.bytes);
        } else {
            StridedCopy.gather(
                    input == null
                            ? MemorySegment.ofAddress(address).reinterpret(layout.bytes)
                            : input.asSlice(address - input.address(), layout.bytes),
                    layout.shape,
                    layout.strides,
                    layout.dtype.byteSize(),
                    target);
        }
        return layout.elementBytes;
    }

    /** What the output is like; null where the model left none. May replace it by a copy. */
    private Layout layout(RunSlot slot, TensorView[] inputs) {
        long handle = slot.outputAddress(index);
        Layout layout = latest;
        if (layout == null
                || handle == 0
                || !layout.fits(handle, slot.scratchAddress(), callsBack)) {
            layout = ask(slot, inputs);
            latest = layout == null ? latest : layout;
        }
        return layout;
    }

    private Layout ask(RunSlot slot, TensorView[] inputs) {
        MemorySegment handle = slot.output(index);
        MemorySegment scratch = slot.scratch();
        if (handle.address() == 0 || !TorchApi.isDefined(handle, scratch)) {
            return null;
        }
        String what = "output \"" + name + "\"";
        NativeTensor tensor = describe(handle, scratch, what);
        if (tensor.dtype().isComplex() && TorchApi.isConjugated(handle, scratch)) {
            // Made outside of the run, so in the order of no work that others could wait for.
            finishWork(tensor.device());
            MemorySegment input = inputAt(tensor.address(), 1, inputs);
            handle = slot.resolveOutput(index, input == null ? MemorySegment.NULL : input);
            finishWork(tensor.device());
            tensor = describe(handle, scratch, what);
        }
        return Layout.of(tensor);
    }

    private NativeTensor describe(MemorySegment handle, MemorySegment scratch, String what) {
        return onDevice
                ? NativeTensor.anywhere(handle, scratch, what)
                : NativeTensor.of(handle, scratch, what);
    }

    private static void finishWork(Device device) {
        if (!device.isCpu()) {
            Gpu.of(device).synchronize();
        }
    }

    /** The memory of the input that an output lies in; null if it has memory of its own. */
    private static MemorySegment inputAt(long address, long bytes, TensorView[] inputs) {
        if (bytes > 0) {
            for (TensorView input : inputs) {
                MemorySegment segment = input.segment();
                long offset = address - segment.address();
                if (offset >= 0 && bytes <= segment.byteSize() - offset) {
                    return segment;
                }
            }
        }
        return null;
    }
}
