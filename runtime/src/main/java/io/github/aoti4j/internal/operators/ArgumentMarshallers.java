package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.Items;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Real;
import io.github.aoti4j.internal.operators.Literal.Text;
import io.github.aoti4j.internal.operators.Literal.Truth;
import io.github.aoti4j.internal.operators.Literal.Whole;
import io.github.aoti4j.internal.operators.ValueType.Listing;
import io.github.aoti4j.internal.operators.ValueType.Maybe;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** Turns what a package or a schema says of an argument into the way to pass it. */
final class ArgumentMarshallers {
    /** No index, as in {@code torch.device("cpu")}. */
    private static final long NO_INDEX = 0xFFFF_FFFFL;

    private ArgumentMarshallers() {}

    /** Returns whether a value can be passed for an argument of a type. */
    static boolean fits(Literal value, ValueType type) {
        return switch (type) {
            case Plain.TENSOR -> value instanceof Dynamic;
            case Plain.INT -> value instanceof Whole || value instanceof Dynamic;
            case Plain.DTYPE, Plain.LAYOUT, Plain.MEMORY_FORMAT -> value instanceof Whole;
            case Plain.FLOAT -> value instanceof Real || value instanceof Whole;
            case Plain.BOOL -> value instanceof Truth;
            case Plain.STRING -> value instanceof Text;
            case Plain.DEVICE -> value instanceof Text(String name) && isCpu(name);
            case Maybe maybe -> value instanceof None || fits(value, maybe.inner());
            case Listing list ->
                    value instanceof Items items
                            ? items.elements().stream().allMatch(e -> fits(e, list.element()))
                            // Where the schema states a size, one value may stand for that many.
                            : list.size() >= 0
                                    && !(value instanceof Dynamic)
                                    && fits(value, list.element());
            case Other _ -> false;
        };
    }

    /** Makes the way to pass a value that {@link #fits}. The arena owns the strings. */
    static ArgumentMarshaller of(Literal value, ValueType type, Arena arena) {
        return switch (type) {
            case Maybe maybe ->
                    value instanceof None
                            ? new ArgumentMarshaller.Bits(0)
                            : new ArgumentMarshaller.Some(of(value, maybe.inner(), arena));
            case Listing list ->
                    new ArgumentMarshaller.ListOf(
                            list,
                            elements(value, list).stream()
                                    .map(e -> of(e, list.element(), arena))
                                    .toList());
            case Plain.TENSOR -> new ArgumentMarshaller.NextTensor();
            case Plain plain ->
                    switch (value) {
                        case Dynamic _ -> new ArgumentMarshaller.NextInt();
                        case Whole(long whole) ->
                                new ArgumentMarshaller.Bits(
                                        plain == Plain.FLOAT
                                                ? Double.doubleToRawLongBits((double) whole)
                                                : whole);
                        case Real(double real) ->
                                new ArgumentMarshaller.Bits(Double.doubleToRawLongBits(real));
                        case Truth(boolean truth) -> new ArgumentMarshaller.Bits(truth ? 1 : 0);
                        case Text(String text) ->
                                plain == Plain.DEVICE
                                        ? new ArgumentMarshaller.Bits(device(text))
                                        : new ArgumentMarshaller.Text(utf8(text, arena));
                        case None _, Items _ -> throw new IllegalArgumentException(value + "");
                    };
            case Other _ -> throw new IllegalArgumentException(type + "");
        };
    }

    private static List<Literal> elements(Literal value, Listing list) {
        return value instanceof Items(List<Literal> elements)
                ? elements
                : Collections.nCopies(list.size(), value);
    }

    private static boolean isCpu(String device) {
        return device.matches("cpu(:\\d{1,3})?");
    }

    /** Packs a device as libtorch takes it: its type above its index. */
    private static long device(String name) {
        int colon = name.indexOf(':');
        long index = colon < 0 ? NO_INDEX : Long.parseLong(name.substring(colon + 1));
        return (long) TorchApi.CPU << 32 | index;
    }

    private static MemorySegment utf8(String text, Arena arena) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8));
    }
}
