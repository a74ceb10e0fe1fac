package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;

/** Tensors whose elements stand for others: PyTorch conjugates and negates by a flag. */
public final class LazyTensors {
    private LazyTensors() {}

    /** Returns whether a tensor has such a flag; true if its memory is not to be read as it is. */
    public static boolean isLazy(MemorySegment tensor, MemorySegment slot) {
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
