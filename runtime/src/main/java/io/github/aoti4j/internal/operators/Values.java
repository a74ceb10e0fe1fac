package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Deletes and stands in for values that no one has taken. */
public final class Values {
    private Values() {}

    /** Deletes a value with all that it holds. */
    public static void release(ValueType type, long bits, MemorySegment slot) {
        switch (type) {
            case ValueType.Plain.TENSOR -> TorchApi.deleteTensor(MemorySegment.ofAddress(bits));
            case ValueType.Plain.STRING -> StableValues.deleteString(bits);
            case ValueType.Plain _, ValueType.Other _ -> {}
            case ValueType.Maybe maybe -> {
                if (bits != 0) {
                    release(maybe.inner(), StableValues.held(bits), slot);
                    StableValues.deleteOptional(bits);
                }
            }
            case ValueType.Listing list -> {
                long size = StableValues.size(bits, slot);
                for (long i = 0; i < size; i++) {
                    release(list.element(), StableValues.element(bits, i, slot), slot);
                }
                StableValues.deleteList(bits);
            }
        }
    }

    /** Makes a value that libtorch can take, where an operator has failed and has none. */
    static long placeholder(ValueType type, MemorySegment slot) {
        return switch (type) {
            case ValueType.Plain.TENSOR -> {
                TorchApi.newUndefinedTensor(slot);
                yield slot.get(ValueLayout.JAVA_LONG, 0);
            }
            case ValueType.Plain.STRING -> StableValues.newString(MemorySegment.NULL, slot);
            case ValueType.Listing _ -> StableValues.newList(0, slot);
            case ValueType.Plain _, ValueType.Maybe _, ValueType.Other _ -> 0;
        };
    }
}
