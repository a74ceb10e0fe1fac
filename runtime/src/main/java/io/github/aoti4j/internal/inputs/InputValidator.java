package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.indices.IndexCheck;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.tensor.ClosedArenas;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorType;
import io.github.aoti4j.internal.tensor.TensorView;

import java.util.List;
import java.util.function.Function;

/** Checks inputs before native code sees them, which itself checks nothing. Thread-safe. */
public final class InputValidator {
    /** {@code c10::DeviceType}, as the checks in a package name devices. */
    private static final int CPU = 0;

    private static final int CUDA = 1;

    /** What a thread asks with whether inputs are accepted; grows to the most that was needed. */
    private static final ThreadLocal<long[]> SLOTS = ThreadLocal.withInitial(() -> new long[16]);

    private final String model;
    private final Device device;
    private final List<ModelInput> inputs;
    private final InputNames names;

    /** Null where the package holds no source to take the checks from. */
    private final InputCheck check;

    private final IndexChecks indices;

    public InputValidator(
            String model,
            Device device,
            List<ModelInput> inputs,
            InputNames names,
            InputCheck check,
            IndexChecks indices) {
        this.model = model;
        this.device = device;
        this.inputs = inputs;
        this.names = names;
        this.check = check;
        this.indices = indices;
    }

    public void check(TensorView[] tensors) {
        check(tensors, null);
    }

    /** Makes what checks values, for one thread at a time; null if there is nothing to check. */
    public IndexCheck newIndexCheck() {
        return indices.ranges().isEmpty() ? null : indices.newCheck();
    }

    /** Checks all but values, and prepares for these what was made for it, unless it is null. */
    public void check(TensorView[] tensors, IndexCheck values) {
        if (tensors.length != inputs.size()) {
            throw new InvalidInputException(
                    "model %s takes %d input%s, but %d %s given; it takes %s"
                            .formatted(
                                    model,
                                    inputs.size(),
                                    inputs.size() == 1 ? "" : "s",
                                    tensors.length,
                                    tensors.length == 1 ? "was" : "were",
                                    ModelInput.list(inputs)));
        }
        long[] slots = newSlots();
        for (int i = 0; i < tensors.length; i++) {
            check(i, tensors[i], slots);
        }
        if (check != null) {
            check.checkExpressions(slots);
            if (values != null) {
                values.prepare(slots);
            }
        }
    }

    /** Checks the values of tensors that {@link #check(TensorView[], IndexCheck)} has accepted. */
    public void checkValues(TensorView[] tensors, IndexCheck values) {
        for (int i = 0; i < tensors.length; i++) {
            TensorView tensor = tensors[i];
            if (tensor.device().isCpu() && !values.accepts(i, tensor.segment())) {
                throw values.refusal(
                        i, label(i), tensor.segment(), tensor.shape(), tensor.strides());
            }
        }
    }

    /** Whether a run takes these tensors, their values included. */
    public <T> boolean acceptsAll(T[] tensors, TensorType<T> type) {
        if (!accepts(tensors, type.unwrap())) {
            return false;
        }
        IndexCheck values = newIndexCheck();
        if (values == null) {
            return true;
        }
        TensorView[] views = type.unwrapAll(tensors);
        try {
            check(views, values);
            checkValues(views, values);
            return true;
        } catch (InvalidInputException e) {
            return false;
        }
    }

    /** Checks sizes of all inputs as if there were inputs of the right type in the right place. */
    public void checkShapes(long[][] shapes) {
        long[] slots = newSlots();
        for (int i = 0; i < shapes.length; i++) {
            check(
                    i,
                    inputs.get(i).dtype().orElse(DType.FLOAT32),
                    isOnCpu(i) ? Device.CPU : device,
                    shapes[i],
                    stridesFor(i, shapes),
                    slots);
        }
        if (check != null) {
            check.checkExpressions(slots);
        }
    }

    /** Checks what can be told from one input alone. */
    public void checkAlone(int index, TensorView tensor) {
        checkMemory(index, tensor);
        checkAlone(index, tensor.dtype(), tensor.device(), tensor.shape(), tensor.strides());
    }

    /** Checks what can be told from one input alone, and without its memory. */
    public void checkAlone(int index, DType dtype, Device from, long[] shape, long[] strides) {
        check(index, dtype, from, shape, strides, newSlots());
    }

    private void check(int index, TensorView tensor, long[] slots) {
        if (tensor == null) {
            throw isNull(index);
        }
        checkMemory(index, tensor);
        check(index, tensor.dtype(), tensor.device(), tensor.shape(), tensor.strides(), slots);
    }

    private void check(
            int index, DType dtype, Device from, long[] shape, long[] strides, long[] slots) {
        if (shape.length > Shapes.MAX_RANK) {
            throw invalid(
                    index,
                    "has %d dimensions; at most %d are supported"
                            .formatted(shape.length, Shapes.MAX_RANK));
        }
        if (check != null) {
            check.check(index, dtype.code(), shape.length, shape, strides, type(from), slots);
        }
        if (!isWithinReach(index, from)) {
            throw invalid(
                    index,
                    "must be on %s, where the model is, but is on %s: use to(arena, device)"
                            .formatted(device, from));
        }
    }

    private long[] newSlots() {
        return check == null ? null : new long[check.slotCount()];
    }

    private static int type(Device from) {
        return from.isCpu() ? CPU : CUDA;
    }

    /** Whether the model is where the input is, or requires an input on the CPU. */
    private boolean isWithinReach(int index, Device from) {
        return from.equals(device)
                || (from.isCpu() && check != null && check.requiresDevice(index, CPU));
    }

    /** Whether a model on a device wants an input on the CPU all the same. */
    public boolean isOnCpu(int index) {
        return device.isCpu() || (check != null && check.requiresDevice(index, CPU));
    }

    /** Checks what may differ between tensors of the same dtype, sizes and strides. */
    public void checkMemory(int index, TensorView tensor) {
        if (tensor.segment().isReadOnly()) {
            throw invalid(
                    index,
                    "is read-only memory, and a model may write into its inputs: pass"
                            + " tensor.copy(arena)");
        }
    }

    public int inputCount() {
        return inputs.size();
    }

    /** The element type of an input that is to be allocated. */
    public DType dtype(int index) {
        return inputs.get(index)
                .dtype()
                .orElseThrow(
                        () ->
                                invalid(
                                        index,
                                        "is of an element type that the package does not state:"
                                                + " bind a tensor to it"));
    }

    public String label(int index) {
        return names.label(index);
    }

    /** Whether the package states what the model takes. */
    public boolean isKnown() {
        return check != null;
    }

    /** The same as {@link #check}, without an exception and without garbage. */
    public boolean accepts(TensorView[] tensors) {
        return accepts(tensors, Function.identity());
    }

    private <T> boolean accepts(T[] tensors, Function<T, TensorView> view) {
        if (tensors.length != inputs.size()) {
            return false;
        }
        long[] slots = check == null ? null : slots(check.slotCount());
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i] == null) {
                throw isNull(i);
            }
            TensorView tensor = view.apply(tensors[i]);
            if (tensor.rank() > Shapes.MAX_RANK
                    || tensor.segment().isReadOnly()
                    || !isWithinReach(i, tensor.device())) {
                return false;
            }
            if (check != null
                    && !check.accepts(
                            i,
                            tensor.dtype().code(),
                            tensor.rank(),
                            tensor.shape(),
                            tensor.strides(),
                            type(tensor.device()),
                            slots)) {
                return false;
            }
        }
        return check == null || check.acceptsExpressions(slots);
    }

    private static long[] slots(int count) {
        long[] slots = SLOTS.get();
        if (slots.length < count) {
            slots = new long[count];
            SLOTS.set(slots);
        }
        return slots;
    }

    private NullPointerException isNull(int index) {
        return new NullPointerException(label(index) + " is null");
    }

    /** The strides that the model wants, for sizes of all inputs. */
    public long[] stridesFor(int index, long[][] shapes) {
        return check == null
                ? Shapes.contiguousStrides(shapes[index])
                : check.stridesFor(index, shapes);
    }

    /**
     * Returns an exception for one of the JDK's, which does not say whose arena is closed or
     * confined to another thread. What others throw, operators in Java for example, is returned as
     * it is.
     */
    public RuntimeException explained(RuntimeException e, TensorView[] tensors) {
        for (int i = 0; i < tensors.length && i < inputs.size(); i++) {
            TensorView tensor = tensors[i];
            RuntimeException explained =
                    tensor == null ? null : ClosedArenas.explained(e, tensor, label(i));
            if (explained != null) {
                return explained;
            }
        }
        return e;
    }

    private InvalidInputException invalid(int index, String problem) {
        return new InvalidInputException(label(index) + " " + problem);
    }
}
