package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** How one argument of a node comes into its place on the dispatcher's stack. */
sealed interface ArgumentMarshaller {
    /** The next of the tensors that the model brings. */
    record NextTensor() implements ArgumentMarshaller {}

    /** The next of the integers that the model brings. */
    record NextInt() implements ArgumentMarshaller {}

    /** The same bits each time. */
    record Bits(long value) implements ArgumentMarshaller {}

    /** The same string each time, in UTF-8. */
    record Text(MemorySegment utf8) implements ArgumentMarshaller {}

    /** An optional that holds something. */
    record Some(ArgumentMarshaller inner) implements ArgumentMarshaller {}

    /** A list. */
    record ListOf(ValueType type, List<ArgumentMarshaller> elements)
            implements ArgumentMarshaller {}

    /** Makes the bits, which the caller owns. */
    default long make(Call call) {
        return switch (this) {
            case Bits bits -> bits.value;
            case NextTensor _ -> {
                TorchApi.newTensorHandle(call.nextTensor(), call.slot());
                yield call.slot().get(ValueLayout.JAVA_LONG, 0);
            }
            case NextInt _ -> call.nextInt();
            case Text text -> StableValues.newString(text.utf8, call.slot());
            case Some some -> StableValues.newOptional(some.inner.make(call), call.slot());
            case ListOf list -> {
                long value = StableValues.newList(list.elements.size(), call.slot());
                // By index: an iterator would be garbage on the hot path.
                for (int i = 0; i < list.elements.size(); i++) {
                    StableValues.append(value, list.elements.get(i).make(call));
                }
                yield value;
            }
        };
    }

    /** How many tensors this takes from the model. */
    default int tensors() {
        return switch (this) {
            case NextTensor _ -> 1;
            case Some some -> some.inner.tensors();
            case ListOf list -> list.elements.stream().mapToInt(ArgumentMarshaller::tensors).sum();
            case Bits _, Text _, NextInt _ -> 0;
        };
    }

    /** How many integers this takes from the model. */
    default int ints() {
        return switch (this) {
            case NextInt _ -> 1;
            case Some some -> some.inner.ints();
            case ListOf list -> list.elements.stream().mapToInt(ArgumentMarshaller::ints).sum();
            case Bits _, Text _, NextTensor _ -> 0;
        };
    }
}
