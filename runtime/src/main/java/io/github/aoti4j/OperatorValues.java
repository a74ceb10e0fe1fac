package io.github.aoti4j;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.operators.LazyTensors;
import io.github.aoti4j.internal.operators.OperatorSchema;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ValueType;
import io.github.aoti4j.internal.operators.ValueType.Listing;
import io.github.aoti4j.internal.operators.ValueType.Maybe;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;
import io.github.aoti4j.internal.operators.Values;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * The arguments and results of one call of an operator in Java, from and to libtorch's 64 bits.
 * Closing deletes what was made on the way and not handed over.
 */
final class OperatorValues implements AutoCloseable {
    private final OperatorSchema schema;
    private final Arena arena;
    private final MemorySegment slot;
    private final Object[] arguments;

    /** The handles of arguments, which are the caller's. */
    private final IdentityHashMap<Tensor, MemorySegment> borrowed = new IdentityHashMap<>();

    /** The handles of tensors made for results. */
    private final IdentityHashMap<Tensor, MemorySegment> made = new IdentityHashMap<>();

    /** Copies of arguments whose memory does not hold what their elements stand for. */
    private final List<MemorySegment> copies = new ArrayList<>();

    OperatorValues(OperatorSchema schema, Arena arena, MemorySegment slot) {
        this.schema = schema;
        this.arena = arena;
        this.slot = slot;
        this.arguments = new Object[schema.arguments().size()];
    }

    Arena arena() {
        return arena;
    }

    void read(long[] bits) {
        for (int i = 0; i < arguments.length; i++) {
            Argument argument = schema.arguments().get(i);
            arguments[i] = read(argument.type(), bits[i], argument);
        }
    }

    private Object read(ValueType type, long bits, Argument argument) {
        return switch (type) {
            case Plain.TENSOR -> view(MemorySegment.ofAddress(bits), argument);
            case Plain.INT, Plain.LAYOUT, Plain.MEMORY_FORMAT -> bits;
            case Plain.FLOAT -> Double.longBitsToDouble(bits);
            case Plain.BOOL -> (bits & 0xFF) != 0;
            case Plain.STRING -> StableValues.string(bits, slot);
            case Plain.DTYPE ->
                    DType.ofCode((int) bits)
                            .orElseThrow(
                                    () -> bad(argument.name() + " is an unknown dtype: " + bits));
            case Plain.DEVICE -> device(bits, argument);
            case Maybe maybe ->
                    bits == 0 ? null : read(maybe.inner(), StableValues.held(bits), argument);
            case Listing list -> {
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

    private Tensor view(MemorySegment handle, Argument argument) {
        if (!TorchApi.isDefined(handle, slot)) {
            return null;
        }
        String what = "argument " + argument.name() + " of " + schema.qualifiedName();
        MemorySegment readable = handle;
        // Asks for the type first: the flags are for dense tensors.
        DType dtype = NativeTensor.dtype(handle, slot, what);
        if (LazyTensors.isLazy(handle, slot)) {
            if (argument.written()) {
                throw bad(
                        argument.name()
                                + " is conjugated or negated by a flag, and cannot be written");
            }
            TorchApi.cloneTensor(handle, slot);
            readable = slot.get(ADDRESS, 0);
            copies.add(readable);
        }
        NativeTensor tensor = NativeTensor.of(readable, slot, what);
        MemorySegment memory =
                MemorySegment.ofAddress(tensor.address()).reinterpret(tensor.bytes(), arena, null);
        Tensor view = wrap(new TensorView(dtype, tensor.shape(), tensor.strides(), memory));
        borrowed.put(view, handle);
        return view;
    }

    private static Tensor wrap(TensorView view) {
        return Tensor.TYPE.wrap().apply(view);
    }

    private String device(long bits, Argument argument) {
        if (bits >>> 32 != TorchApi.CPU) {
            throw bad(argument.name() + " is a device other than the CPU");
        }
        int index = (int) bits;
        return index < 0 ? "cpu" : "cpu:" + index;
    }

    Object argument(String name) {
        for (int i = 0; i < arguments.length; i++) {
            if (schema.arguments().get(i).name().equals(name)) {
                return arguments[i];
            }
        }
        throw bad("has no argument " + name);
    }

    <T> T argument(String name, Class<T> type) {
        Object value = argument(name);
        if (value != null && !type.isInstance(value)) {
            throw bad("argument %s is no %s".formatted(name, type.getSimpleName()));
        }
        return type.cast(value);
    }

    <T> T present(String name, Class<T> type) {
        T value = argument(name, type);
        if (value == null) {
            throw bad("argument %s is left out; ask for value(\"%1$s\")".formatted(name));
        }
        return value;
    }

    <T> List<T> list(String name, Class<T> type) {
        List<?> list = argument(name, List.class);
        if (list == null) {
            return null;
        }
        List<T> elements = new ArrayList<>();
        for (Object element : list) {
            if (element != null && !type.isInstance(element)) {
                throw bad("argument %s is no list of %s".formatted(name, type.getSimpleName()));
            }
            elements.add(type.cast(element));
        }
        return elements;
    }

    Tensor empty(DType dtype, long... shape) {
        requireNonNull(dtype, "dtype");
        long[] sizes = requireNonNull(shape, "shape").clone();
        return allocate(dtype, sizes, Shapes.contiguousStrides(sizes));
    }

    private Tensor allocate(DType dtype, long[] sizes, long[] strides) {
        long bytes = Shapes.spanBytes(sizes, strides, dtype.byteSize());
        TorchApi.emptyStrided(
                sizes.length,
                arena.allocateFrom(JAVA_LONG, sizes),
                arena.allocateFrom(JAVA_LONG, strides),
                dtype.code(),
                slot);
        MemorySegment handle = slot.get(ADDRESS, 0);
        long address = TorchApi.dataAddress(handle, slot);
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
        Tensor tensor = wrap(new TensorView(dtype, sizes, strides, memory));
        made.put(tensor, handle);
        return tensor;
    }

    /** Turns what the function has returned into what libtorch takes, and owns from then on. */
    long[] results(Object returned) {
        List<Result> expected = schema.results();
        List<?> given =
                switch (expected.size()) {
                    case 0 -> {
                        if (returned != null) {
                            throw bad("has no result, but gave one");
                        }
                        yield List.of();
                    }
                    case 1 -> Collections.singletonList(returned);
                    default -> {
                        if (returned instanceof List<?> all && all.size() == expected.size()) {
                            yield all;
                        }
                        throw bad(
                                "did not give a list of its %d results".formatted(expected.size()));
                    }
                };
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
                Values.release(expected.get(i).type(), bits[i], slot);
            }
            throw e;
        }
    }

    private long write(ValueType type, Object value, boolean aliases) {
        return switch (type) {
            case Maybe maybe ->
                    value == null
                            ? 0
                            : StableValues.newOptional(write(maybe.inner(), value, aliases), slot);
            case Listing list when value instanceof List<?> elements ->
                    write(list, elements, aliases);
            case Plain plain -> write(plain, value, aliases);
            case Listing _, Other _ -> throw unfit(type, value);
        };
    }

    private long write(Plain type, Object value, boolean aliases) {
        return switch (value) {
            case Tensor tensor when type == Plain.TENSOR -> hand(tensor, aliases);
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
        return bad("gave %s where its schema states %s".formatted(given, type));
    }

    private long write(Listing type, List<?> elements, boolean aliases) {
        long list = StableValues.newList(elements.size(), slot);
        try {
            for (Object element : elements) {
                StableValues.append(list, write(type.element(), element, aliases));
            }
            return list;
        } catch (Throwable e) {
            Values.release(type, list, slot);
            throw e;
        }
    }

    /** Makes a handle that libtorch will own. */
    private long hand(Tensor tensor, boolean aliases) {
        MemorySegment own = made.remove(tensor);
        if (own != null) {
            return own.address();
        }
        MemorySegment argument = borrowed.get(tensor);
        if (argument != null && aliases) {
            TorchApi.newTensorHandle(argument, slot);
            return slot.get(JAVA_LONG, 0);
        }
        if (!tensor.device().isCpu()) {
            throw bad("gave a tensor on " + tensor.device() + "; return one in CPU memory");
        }
        Tensor copy = allocate(tensor.dtype(), tensor.shape(), tensor.strides());
        long bytes = copy.segment().byteSize();
        try {
            // Checked by Java, as libtorch would not be: the tensor's arena may be closed by now.
            MemorySegment.copy(tensor.segment(), 0, copy.segment(), 0, bytes);
        } catch (IllegalStateException | WrongThreadException e) {
            throw new OperatorException(
                    "operator %s gave a tensor whose memory cannot be read: %s; return one of call.empty, or one whose arena is open and this thread's"
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
        made.values().forEach(TorchApi::deleteTensor);
        copies.forEach(TorchApi::deleteTensor);
    }
}
