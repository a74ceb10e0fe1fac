package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.FastTensorApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Compares one result of an operator with what the model was compiled for: its code does not check,
 * and would read and write beyond the result's memory. Immutable; comparing allocates nothing.
 */
final class ResultCheck {
    private final String what;

    /** Null if no code of the model depends on it. */
    private final DType dtype;

    private final SizeExpression[] sizes;
    private final SizeExpression[] strides;

    /** By dimension: the slot that the size defines, or -1. */
    private final int[] named;

    ResultCheck(
            String what,
            Optional<DType> dtype,
            List<SizeExpression> sizes,
            List<SizeExpression> strides,
            int[] named) {
        this.what = what;
        this.dtype = dtype.orElse(null);
        this.sizes = sizes.toArray(SizeExpression[]::new);
        this.strides = strides.toArray(SizeExpression[]::new);
        this.named = named.clone();
    }

    /**
     * Requires the right element type and sizes; the call gets the sizes that define symbols.
     *
     * @return whether the strides are right as well
     * @throws OperatorException if the type or a size is wrong
     */
    boolean require(MemorySegment tensor, Call call) {
        long handle = tensor.address();
        long slot = call.slot().address();
        long[] slots = call.slots();
        if (FastTensorApi.rank(handle, slot) != sizes.length
                || (dtype != null
                        && (FastTensorApi.dtype(handle, slot) != dtype.code()
                                || FastTensorApi.deviceType(handle, slot) != TorchApi.CPU))) {
            throw wrong(tensor, call);
        }
        long actual = FastTensorApi.sizes(handle, slot);
        boolean isEmpty = false;
        for (int d = 0; d < sizes.length; d++) {
            long size = RawMemory.at(actual, d);
            isEmpty |= size == 0;
            if (named[d] >= 0) {
                slots[named[d]] = size;
            } else if (sizes[d].isKnown() && sizes[d].toLong(slots) != size) {
                throw wrong(tensor, call);
            }
        }
        return isEmpty || hasStrides(handle, slot, actual, slots);
    }

    private boolean hasStrides(long handle, long slot, long actualSizes, long[] slots) {
        long actual = FastTensorApi.strides(handle, slot);
        for (int d = 0; d < strides.length; d++) {
            if (strides[d].isKnown()
                    && RawMemory.at(actualSizes, d) > 1
                    && strides[d].toLong(slots) != RawMemory.at(actual, d)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Copies a result for which {@link #require} returned false into memory of the strides that the
     * model was compiled for; the caller owns both.
     */
    MemorySegment withStrides(MemorySegment tensor, Call call) {
        MemorySegment slot = call.slot();
        if (TorchApi.deviceType(tensor, slot) != TorchApi.CPU) {
            throw wrongStrides(tensor, call);
        }
        int code = TorchApi.dtype(tensor, slot);
        long[] shape = TorchApi.sizes(tensor, sizes.length, slot);
        long[] wanted = TorchApi.strides(tensor, sizes.length, slot);
        for (int d = 0; d < wanted.length; d++) {
            wanted[d] = strides[d].isKnown() ? strides[d].toLong(call.slots()) : wanted[d];
        }
        try (Arena arena = Arena.ofConfined()) {
            TorchApi.emptyStrided(
                    shape.length,
                    arena.allocateFrom(JAVA_LONG, shape),
                    arena.allocateFrom(JAVA_LONG, wanted),
                    code,
                    slot);
        }
        MemorySegment copy = slot.get(ADDRESS, 0);
        try {
            TorchApi.copyElements(tensor, copy);
            return copy;
        } catch (Throwable e) {
            Closeables.closeAfter(e, () -> TorchApi.deleteTensor(copy));
            throw e;
        }
    }

    private OperatorException wrong(MemorySegment tensor, Call call) {
        return new OperatorException(
                "%s is %s, but the model was compiled for %s%s; return what the operator's fake in Python returns"
                        .formatted(
                                what,
                                describe(tensor, call.slot()),
                                dtype == null ? "" : dtype.torchName() + " ",
                                values(sizes, named, call.slots())));
    }

    private static String describe(MemorySegment tensor, MemorySegment slot) {
        if (!TorchApi.isDefined(tensor, slot)) {
            return "undefined";
        }
        String type =
                DType.ofCode(TorchApi.dtype(tensor, slot))
                        .map(DType::torchName)
                        .orElse("of an unknown type");
        long[] shape = TorchApi.sizes(tensor, TorchApi.rank(tensor, slot), slot);
        boolean isOnCpu = TorchApi.deviceType(tensor, slot) == TorchApi.CPU;
        return type + " " + Arrays.toString(shape) + (isOnCpu ? "" : " on a device");
    }

    OperatorException wrongStrides(MemorySegment tensor, Call call) {
        int rank = TorchApi.rank(tensor, call.slot());
        long[] actual = TorchApi.strides(tensor, rank, call.slot());
        return new OperatorException(
                "%s has strides %s, but the model was compiled for %s; return what the operator's fake in Python returns"
                        .formatted(
                                what,
                                Arrays.toString(actual),
                                values(strides, null, call.slots())));
    }

    /** Returns the values, with a question mark for those that are not checked. */
    private static String values(SizeExpression[] expressions, int[] named, long[] slots) {
        String[] texts = new String[expressions.length];
        for (int d = 0; d < texts.length; d++) {
            boolean any = !expressions[d].isKnown() || (named != null && named[d] >= 0);
            texts[d] = any ? "?" : Long.toString(expressions[d].toLong(slots));
        }
        return Arrays.toString(texts);
    }
}
