package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.internal.operators.Literal.BoolLiteral;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.FloatLiteral;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Text;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** How one argument of a node is put on the dispatcher's stack. */
sealed interface ArgumentMarshaller {
    /** The next of the tensors that the model passes. */
    record NextTensor() implements ArgumentMarshaller {}

    /** The next of the integers that the model passes. */
    record NextInt() implements ArgumentMarshaller {}

    /** A constant of 64 bits. */
    record Bits(long value) implements ArgumentMarshaller {}

    record ConstantString(MemorySegment utf8) implements ArgumentMarshaller {}

    /** An optional that has a value. */
    record Some(ArgumentMarshaller inner) implements ArgumentMarshaller {}

    record ListOf(List<ArgumentMarshaller> elements) implements ArgumentMarshaller {}

    /** A number of any kind, for an operator in Java. */
    record ScalarList(long kind, ArgumentMarshaller bits) implements ArgumentMarshaller {}

    // What the bits of a number mean.
    long SCALAR_INT = 0;
    long SCALAR_FLOAT = 1;
    long SCALAR_BOOL = 2;

    /** Returns the argument's 64 bits, which the caller owns. */
    default long marshal(Call call) {
        return switch (this) {
            case Bits bits -> bits.value;
            case NextTensor _ -> {
                TorchApi.newTensorHandle(call.nextTensor(), call.slot());
                yield call.slot().get(ValueLayout.JAVA_LONG, 0);
            }
            case NextInt _ -> call.nextInt();
            case ConstantString string -> StableValues.newString(string.utf8, call.slot());
            case Some some -> StableValues.newOptional(some.inner.marshal(call), call.slot());
            case ScalarList number -> {
                long value = StableValues.newList(2, call.slot());
                StableValues.append(value, number.kind);
                StableValues.append(value, number.bits.marshal(call));
                yield value;
            }
            case ListOf list -> {
                long value = StableValues.newList(list.elements.size(), call.slot());
                // By index: an iterator would be garbage on the hot path.
                for (int i = 0; i < list.elements.size(); i++) {
                    StableValues.append(value, list.elements.get(i).marshal(call));
                }
                yield value;
            }
        };
    }

    /** Returns how many marshallers of a kind there are in this. */
    default int count(Class<? extends ArgumentMarshaller> kind) {
        return switch (this) {
            case Some some -> some.inner.count(kind);
            case ScalarList number -> number.bits.count(kind);
            case ListOf list -> list.elements.stream().mapToInt(e -> e.count(kind)).sum();
            default -> kind.isInstance(this) ? 1 : 0;
        };
    }

    /** Returns whether a value can be passed for an argument of a type. */
    static boolean fits(Literal value, ValueType type) {
        return switch (type) {
            case Plain.TENSOR -> value instanceof Dynamic;
            case Plain.INT -> value instanceof IntLiteral || value instanceof Dynamic;
            case Plain.DTYPE, Plain.LAYOUT, Plain.MEMORY_FORMAT -> value instanceof IntLiteral;
            case Plain.FLOAT -> value instanceof FloatLiteral || value instanceof IntLiteral;
            case Plain.BOOL -> value instanceof BoolLiteral;
            case Plain.SCALAR ->
                    value instanceof IntLiteral
                            || value instanceof Dynamic
                            || value instanceof FloatLiteral
                            || value instanceof BoolLiteral;
            case Plain.STRING -> value instanceof Text;
            case Plain.DEVICE ->
                    value instanceof Text(String name) && name.matches("cpu(:\\d{1,3})?");
            case OptionalType optional -> value instanceof None || fits(value, optional.inner());
            case ListType list ->
                    value instanceof ListLiteral(var elements)
                            ? elements.stream().allMatch(e -> fits(e, list.element()))
                            // Where the schema states a size, one value stands for all elements.
                            : list.size() >= 0
                                    && !(value instanceof Dynamic)
                                    && fits(value, list.element());
            case Other _ -> false;
        };
    }

    /** Returns the marshaller of a value that {@link #fits}. The arena owns the strings. */
    static ArgumentMarshaller of(Literal value, ValueType type, Arena arena) {
        return switch (type) {
            case OptionalType optional ->
                    value instanceof None
                            ? new Bits(0)
                            : new Some(of(value, optional.inner(), arena));
            case ListType list -> {
                List<Literal> elements =
                        value instanceof ListLiteral(var stated)
                                ? stated
                                : Collections.nCopies(list.size(), value);
                yield new ListOf(elements.stream().map(e -> of(e, list.element(), arena)).toList());
            }
            case Plain.TENSOR -> new NextTensor();
            case Plain.SCALAR ->
                    switch (value) {
                        case FloatLiteral _ ->
                                new ScalarList(SCALAR_FLOAT, of(value, Plain.FLOAT, arena));
                        case BoolLiteral _ ->
                                new ScalarList(SCALAR_BOOL, of(value, Plain.BOOL, arena));
                        default -> new ScalarList(SCALAR_INT, of(value, Plain.INT, arena));
                    };
            case Plain plain ->
                    switch (value) {
                        case Dynamic _ -> new NextInt();
                        case IntLiteral(long number) when plain == Plain.FLOAT ->
                                new Bits(Double.doubleToRawLongBits((double) number));
                        case IntLiteral(long number) -> new Bits(number);
                        case FloatLiteral(double number) ->
                                new Bits(Double.doubleToRawLongBits(number));
                        case BoolLiteral(boolean truth) -> new Bits(truth ? 1 : 0);
                        case Text(String device) when plain == Plain.DEVICE ->
                                new Bits(cpuDevice(device));
                        case Text(String text) ->
                                new ConstantString(
                                        arena.allocateFrom(
                                                ValueLayout.JAVA_BYTE,
                                                text.getBytes(StandardCharsets.UTF_8)));
                        case None _, ListLiteral _ ->
                                throw new IllegalArgumentException(value + "");
                    };
            case Other _ -> throw new IllegalArgumentException(type + "");
        };
    }

    /** Packs a device as libtorch takes it: its type above its index, -1 for none. */
    private static long cpuDevice(String name) {
        int colon = name.indexOf(':');
        long index = colon < 0 ? 0xFFFF_FFFFL : Long.parseLong(name.substring(colon + 1));
        return (long) TorchApi.CPU << 32 | index;
    }
}
