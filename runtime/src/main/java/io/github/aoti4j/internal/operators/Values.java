package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Values as libtorch passes them: in 64 bits, owned or borrowed. */
final class Values {
    private Values() {}

    /** Deletes a value and what it contains. */
    static void release(ValueType type, long bits, MemorySegment slot) {
        switch (type) {
            case Plain.TENSOR -> TorchApi.deleteTensor(MemorySegment.ofAddress(bits));
            case Plain.STRING -> StableValues.deleteString(bits);
            case Plain.SCALAR -> StableValues.deleteList(bits);
            case Plain _, Other _ -> {}
            case OptionalType optional -> {
                if (bits != 0) {
                    release(optional.inner(), StableValues.held(bits), slot);
                    StableValues.deleteOptional(bits);
                }
            }
            case ListType list -> {
                long size = StableValues.size(bits, slot);
                for (long i = 0; i < size; i++) {
                    release(list.element(), StableValues.element(bits, i, slot), slot);
                }
                StableValues.deleteList(bits);
            }
        }
    }

    /** Makes a value that libtorch can take, in place of the result of a failed operator. */
    static long placeholder(ValueType type, MemorySegment slot) {
        return switch (type) {
            case Plain.TENSOR -> {
                TorchApi.newUndefinedTensor(slot);
                yield slot.get(ValueLayout.JAVA_LONG, 0);
            }
            case Plain.STRING -> StableValues.newString(MemorySegment.NULL, slot);
            case ListType _ -> StableValues.newList(0, slot);
            case Plain _, OptionalType _, Other _ -> 0;
        };
    }

    /**
     * Returns whether a tensor's elements stand for others, so that its memory cannot be read as it
     * is: PyTorch conjugates and negates by a flag.
     */
    static boolean isLazy(MemorySegment tensor, MemorySegment slot) {
        if (!TorchApi.isDefined(tensor, slot)) {
            return false;
        }
        DType dtype = DType.ofCode(TorchApi.dtype(tensor, slot)).orElse(null);
        if (dtype == null || !(dtype.isComplex() || dtype.isFloatingPoint())) {
            return false;
        }
        return (dtype.isComplex() && TorchApi.isConjugated(tensor, slot))
                || TorchApi.isNegated(tensor, slot);
    }
}
