package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.LibTorchTensors;
import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorType;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Function;

/**
 * The arguments and results of one call of an operator in Java, from and to libtorch's 64 bits.
 * Closing deletes the tensors that libtorch does not own.
 *
 * @param <T> the public type of tensors
 */
public final class OperatorValues<T> implements AutoCloseable {
    private final OperatorSchema schema;
    private final TensorType<T> tensors;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot;
    private final Object[] arguments;

    /** The handles of arguments, which are the caller's. */
    private final IdentityHashMap<T, MemorySegment> borrowed = new IdentityHashMap<>();

    /** The handles of tensors made for results. */
    private final IdentityHashMap<T, MemorySegment> made = new IdentityHashMap<>();

    /** Copies of arguments that are lazy. */
    private final List<MemorySegment> copies = new ArrayList<>();

    private OperatorValues(OperatorSchema schema, TensorType<T> tensors, MemorySegment slot) {
        this.schema = schema;
        this.tensors = tensors;
        this.slot = slot;
        this.arguments = new Object[schema.arguments().size()];
    }

    /** Returns the kernel of an operator whose function takes its arguments from such values. */
    static <T> JavaOperator.Kernel kernel(
            OperatorSchema schema, TensorType<T> tensors, Function<OperatorValues<T>, ?> function) {
        return (bits, slot) -> {
            try (var values = new OperatorValues<>(schema, tensors, slot)) {
                for (int i = 0; i < bits.length; i++) {
                    Argument argument = schema.arguments().get(i);
                    values.arguments[i] = values.read(argument.type(), bits[i], argument);
                }
                return values.results(function.apply(values));
            }
        };
    }

    public Arena arena() {
        return arena;
    }

    private Object read(ValueType type, long bits, Argument argument) {
        return switch (type) {
            case Plain.TENSOR -> view(MemorySegment.ofAddress(bits), argument);
            case Plain.INT, Plain.LAYOUT, Plain.MEMORY_FORMAT -> bits;
            case Plain.FLOAT -> Double.longBitsToDouble(bits);
            case Plain.BOOL -> (bits & 0xFF) != 0;
            case Plain.STRING -> StableValues.string(bits, slot);
            case Plain.SCALAR -> number(bits);
            case Plain.DTYPE ->
                    DType.ofCode((int) bits)
                            .orElseThrow(
                                    () -> bad(argument.name() + " is an unknown dtype: " + bits));
            case Plain.DEVICE -> device(bits, argument);
            case OptionalType optional ->
                    bits == 0 ? null : read(optional.inner(), StableValues.held(bits), argument);
            case ListType list -> {
                long size = StableValues.size(bits, slot);
                List<Object> elements = new ArrayList<>();
                for (long i = 0; i < size; i++) {
                    long element = StableValues.element(bits, i, slot);
                    elements.add(read(list.element(), element, argument));
                }
                yield Collections.unmodifiableList(elements);
            }
            case Other _ -> throw bad(argument.name() + " is of type " + type);
        };
    }

    private Object number(long list) {
        long bits = StableValues.element(list, 1, slot);
        long kind = StableValues.element(list, 0, slot);
        if (kind == ArgumentMarshaller.SCALAR_FLOAT) {
            return Double.longBitsToDouble(bits);
        }
        return kind == ArgumentMarshaller.SCALAR_BOOL ? (Object) (bits != 0) : (Object) bits;
    }

    private T view(MemorySegment handle, Argument argument) {
        if (!TorchApi.isDefined(handle, slot)) {
            return null;
        }
        String what = "argument " + argument.name() + " of " + schema.qualifiedName();
        MemorySegment readable = handle;
        DType _ =
                NativeTensor.dtype(
                        LibTorchTensors.INSTANCE,
                        handle.address(),
                        slot.address(),
                        what); // only dense tensors have the flags
        if (Values.isLazy(handle, slot)) {
            if (argument.written()) {
                throw bad(
                        argument.name()
                                + " is conjugated or negated by a flag, and cannot be written");
            }
            TorchApi.cloneTensor(handle, slot);
            readable = slot.get(ADDRESS, 0);
            copies.add(readable);
        }
        return wrap(
                handle,
                borrowed,
                NativeTensor.of(
                        LibTorchTensors.INSTANCE, readable.address(), slot.address(), what));
    }

    private T wrap(
            MemorySegment handle, IdentityHashMap<T, MemorySegment> handles, NativeTensor of) {
        MemorySegment memory =
                MemorySegment.ofAddress(of.address()).reinterpret(of.bytes(), arena, null);
        T tensor =
                tensors.wrap().apply(new TensorView(of.dtype(), of.shape(), of.strides(), memory));
        handles.put(tensor, handle);
        return tensor;
    }

    private String device(long bits, Argument argument) {
        if (bits >>> 32 != TorchApi.CPU) {
            throw bad(argument.name() + " is a device other than the CPU");
        }
        int index = (int) bits;
        return index < 0 ? "cpu" : "cpu:" + index;
    }

    /** Returns an argument; throws {@link OperatorException} if the schema has none of the name. */
    public Object argument(String name) {
        for (int i = 0; i < arguments.length; i++) {
            if (schema.arguments().get(i).name().equals(name)) {
                return arguments[i];
            }
        }
        throw bad("has no argument " + name);
    }

    /**
     * Returns an argument of a type, null where it is left out; throws if it is of another type.
     */
    public <V> V argument(String name, Class<V> type) {
        Object value = argument(name);
        if (value != null && !type.isInstance(value)) {
            throw bad("argument %s is no %s".formatted(name, type.getSimpleName()));
        }
        return type.cast(value);
    }

    /** Returns an argument of a type; throws if it is left out or of another type. */
    public <V> V present(String name, Class<V> type) {
        V value = argument(name, type);
        if (value == null) {
            throw bad("argument %s is left out; ask for value(\"%1$s\")".formatted(name));
        }
        return value;
    }

    /** Returns a list, null where it is left out; throws if the argument is of another type. */
    public <V> List<V> list(String name, Class<V> type) {
        List<?> list = argument(name, List.class);
        if (list == null) {
            return null;
        }
        List<V> elements = new ArrayList<>();
        for (Object element : list) {
            if (element != null && !type.isInstance(element)) {
                throw bad("argument %s is no list of %s".formatted(name, type.getSimpleName()));
            }
            elements.add(type.cast(element));
        }
        return elements;
    }

    /** Makes a contiguous tensor in libtorch's memory; the shape is copied. */
    public T empty(DType dtype, long... shape) {
        requireNonNull(dtype, "dtype");
        long[] sizes = requireNonNull(shape, "shape").clone();
        return allocate(dtype, sizes, Shapes.contiguousStrides(sizes));
    }

    private T allocate(DType dtype, long[] sizes, long[] strides) {
        long bytes = Shapes.spanBytes(sizes, strides, dtype.byteSize());
        TorchApi.emptyStrided(
                sizes.length,
                arena.allocateFrom(JAVA_LONG, sizes),
                arena.allocateFrom(JAVA_LONG, strides),
                dtype.code(),
                slot);
        MemorySegment handle = slot.get(ADDRESS, 0);
        long address = TorchApi.dataAddress(handle, slot);
        return wrap(
                handle, made, new NativeTensor(dtype, sizes, strides, address, bytes, Device.CPU));
    }

    /** Converts what the function has returned to bits that libtorch owns. */
    private long[] results(Object returned) {
        List<Result> expected = schema.results();
        List<?> given = resultList(returned, expected.size());
        long[] bits = new long[expected.size()];
        int done = 0;
        try {
            for (; done < bits.length; done++) {
                Result result = expected.get(done);
                bits[done] = write(result.type(), given.get(done), result.aliases());
            }
            return bits;
        } catch (Throwable e) {
            for (int i = 0; i < done; i++) {
                ValueType type = expected.get(i).type();
                long value = bits[i];
                Closeables.closeAfter(e, () -> Values.release(type, value, slot));
            }
            throw e;
        }
    }

    private List<?> resultList(Object returned, int count) {
        if (count == 1) {
            return Collections.singletonList(returned);
        }
        if (count == 0 && returned == null) {
            return List.of();
        }
        if (count > 1 && returned instanceof List<?> all && all.size() == count) {
            return all;
        }
        throw bad(
                count == 0
                        ? "has no result, but returned one"
                        : "did not return a list of its %d results".formatted(count));
    }

    private long write(ValueType type, Object value, boolean aliases) {
        return switch (type) {
            case OptionalType optional ->
                    value == null
                            ? 0
                            : StableValues.newOptional(
                                    write(optional.inner(), value, aliases), slot);
            case ListType list when value instanceof List<?> elements ->
                    write(list, elements, aliases);
            case Plain plain -> write(plain, value, aliases);
            case ListType _, Other _ -> throw unfit(type, value);
        };
    }

    private long write(Plain type, Object value, boolean aliases) {
        return switch (value) {
            case Object tensor when type == Plain.TENSOR && tensors.type().isInstance(tensor) ->
                    newHandle(tensors.type().cast(tensor), aliases);
            case Long n when type == Plain.INT -> n;
            case Integer n when type == Plain.INT -> n;
            case Number n when type == Plain.FLOAT -> Double.doubleToRawLongBits(n.doubleValue());
            case Boolean b when type == Plain.BOOL -> b ? 1 : 0;
            case DType dtype when type == Plain.DTYPE -> dtype.code();
            case String text when type == Plain.STRING ->
                    StableValues.newString(
                            arena.allocateFrom(JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8)),
                            slot);
            case null, default -> throw unfit(type, value);
        };
    }

    private OperatorException unfit(ValueType type, Object value) {
        String given = value == null ? "null" : value.getClass().getSimpleName();
        return bad("returned %s where its schema states %s".formatted(given, type));
    }

    private long write(ListType type, List<?> elements, boolean aliases) {
        long list = StableValues.newList(elements.size(), slot);
        try {
            for (Object element : elements) {
                StableValues.append(list, write(type.element(), element, aliases));
            }
            return list;
        } catch (Throwable e) {
            Closeables.closeAfter(e, () -> Values.release(type, list, slot));
            throw e;
        }
    }

    /** Makes a handle that libtorch will own. */
    private long newHandle(T tensor, boolean aliases) {
        MemorySegment own = made.remove(tensor);
        if (own != null) {
            return own.address();
        }
        MemorySegment argument = borrowed.get(tensor);
        if (argument != null && aliases) {
            TorchApi.newTensorHandle(argument, slot);
            return slot.get(JAVA_LONG, 0);
        }
        TensorView view = tensors.unwrap().apply(tensor);
        if (!view.device().isCpu()) {
            throw bad("returned a tensor on " + view.device() + "; return one in CPU memory");
        }
        T copy = allocate(view.dtype(), view.shape(), view.strides());
        MemorySegment memory = tensors.unwrap().apply(copy).segment();
        try {
            // Checked by Java, as libtorch would not be: the tensor's arena may be closed by now.
            MemorySegment.copy(view.segment(), 0, memory, 0, memory.byteSize());
        } catch (IllegalStateException | WrongThreadException e) {
            throw new OperatorException(
                    "operator %s returned a tensor whose memory cannot be read: %s; return one of call.empty, or one whose arena is open and this thread's"
                            .formatted(schema.qualifiedName(), e.getMessage()),
                    e);
        }
        return made.remove(copy).address();
    }

    private OperatorException bad(String what) {
        return new OperatorException("operator " + schema.qualifiedName() + ": " + what);
    }

    @Override
    public void close() {
        try (arena) {
            made.values().forEach(TorchApi::deleteTensor);
            copies.forEach(TorchApi::deleteTensor);
        }
    }
}
