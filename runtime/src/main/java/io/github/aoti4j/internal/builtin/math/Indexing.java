package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Layouts;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * Elements of a contiguous tensor chosen by tensors of indices, or by masks, of some of its
 * dimensions. The result is contiguous.
 */
public final class Indexing {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Indexing() {}

    /**
     * {@code aoti_torch_cpu_index_Tensor}.
     *
     * @param indices an address for each of the first dimensions: of a handle, or 0 for a dimension
     *     that is kept whole. A mask stands for as many dimensions as it has
     */
    public static void index(long self, long indices, long count, long ret0) {
        Tensors.require(self, "self");
        int rank = Tensors.rank(self);
        // Room for a tensor of indices for each dimension, and for places in self.
        long own = Memory.take(Math.max(1, rank) * (long) Long.BYTES);
        for (int d = 0; d < rank; d++) {
            setAt(own, d, 0);
        }
        try {
            collect(self, indices, count, own);
            MEMORY.set(JAVA_LONG, ret0, indexed(self, own));
        } finally {
            for (int d = 0; d < rank; d++) {
                if (at(own, d) != 0) {
                    Tensors.delete(at(own, d));
                }
            }
            Memory.give(own);
        }
    }

    private static long at(long list, long index) {
        return MEMORY.get(JAVA_LONG, list + index * Long.BYTES);
    }

    private static void setAt(long list, long index, long value) {
        MEMORY.set(JAVA_LONG, list + index * Long.BYTES, value);
    }

    /** Makes a view of the indices for each dimension that has some. */
    private static void collect(long self, long indices, long count, long own) {
        int d = 0;
        for (long i = 0; i < count; i++) {
            long slot = at(indices, i);
            long index = slot == 0 ? 0 : MEMORY.get(JAVA_LONG, slot);
            if (index == 0 || !Tensors.isDefined(index)) {
                d++;
                continue;
            }
            int dtype = Tensors.dtype(index);
            int taken = isMask(dtype) ? Tensors.rank(index) : 1;
            if (d + taken > Tensors.rank(self) || taken == 0) {
                throw refused(self, index);
            }
            if (isMask(dtype)) {
                collectMask(self, index, d, own);
            } else if (dtype == DType.INT64.code() || dtype == DType.INT32.code()) {
                setAt(own, d, view(index));
            } else {
                throw refused(self, index);
            }
            d += taken;
        }
        if (!Layouts.isContiguous(self) || d > Tensors.rank(self)) {
            throw new BuiltInFailure("indices for %s".formatted(Tensors.describe(self)));
        }
    }

    private static boolean isMask(int dtype) {
        return dtype == DType.BOOL.code() || dtype == DType.UINT8.code();
    }

    private static BuiltInFailure refused(long self, long index) {
        return new BuiltInFailure(
                "indices that are %s for %s"
                        .formatted(Tensors.describe(index), Tensors.describe(self)));
    }

    private static long view(long tensor) {
        int rank = Tensors.rank(tensor);
        long view = Tensors.begin(Tensors.dtype(tensor), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(view, d, Tensors.size(tensor, d), Tensors.stride(tensor, d));
        }
        Tensors.view(view, tensor, Tensors.offset(tensor));
        return view;
    }

    /** The columns of a mask's nonzero elements are indices. */
    private static void collectMask(long self, long mask, int dimension, long own) {
        for (int d = 0; d < Tensors.rank(mask); d++) {
            if (Tensors.size(mask, d) != Tensors.size(self, dimension + d)) {
                throw refused(self, mask);
            }
        }
        long all = Selection.nonzero(mask);
        try {
            for (int d = 0; d < Tensors.rank(mask); d++) {
                long column = Tensors.begin(DType.INT64.code(), 1);
                Tensors.setDimension(column, 0, Tensors.size(all, 0), 1);
                Tensors.view(column, all, d * Tensors.stride(all, 1));
                setAt(own, dimension + d, column);
            }
        } finally {
            Tensors.delete(all);
        }
    }

    private static long indexed(long self, long own) {
        int rank = Tensors.rank(self);
        int indexed = 0;
        int first = -1;
        int last = -1;
        int shared = 0;
        for (int d = 0; d < rank; d++) {
            if (at(own, d) != 0) {
                indexed++;
                first = first < 0 ? d : first;
                last = d;
                shared = Math.max(shared, Tensors.rank(at(own, d)));
            }
        }
        if (indexed == 0) {
            throw new BuiltInFailure("no indices for %s".formatted(Tensors.describe(self)));
        }
        // Where they are not side by side, the indices' dimensions come first.
        int before = last - first + 1 == indexed ? first : 0;
        long result = Tensors.begin(Tensors.dtype(self), rank - indexed + shared);
        try {
            int to = 0;
            for (int d = 0; d < before; d++) {
                Tensors.setDimension(result, to++, Tensors.size(self, d), 0);
            }
            for (int d = 0; d < shared; d++) {
                Tensors.setDimension(result, to++, sharedSize(self, own, shared - 1 - d), 0);
            }
            for (int d = before; d < rank; d++) {
                if (at(own, d) == 0) {
                    Tensors.setDimension(result, to++, Tensors.size(self, d), 0);
                }
            }
            Tensors.setContiguous(result);
        } catch (Throwable e) {
            Tensors.delete(result);
            throw e;
        }
        Tensors.allocate(result);
        try {
            fill(self, own, before, last, shared, result);
        } catch (Throwable e) {
            Tensors.delete(result);
            throw e;
        }
        return result;
    }

    /** Returns the size to which indices are repeated, of a dimension counted from the last one. */
    private static long sharedSize(long self, long own, int fromEnd) {
        long size = 1;
        for (int d = 0; d < Tensors.rank(self); d++) {
            long index = at(own, d);
            int dimension = index == 0 ? -1 : Tensors.rank(index) - 1 - fromEnd;
            long its = dimension < 0 ? 1 : Tensors.size(index, dimension);
            if (its != 1 && size != 1 && its != size) {
                throw refused(self, index);
            }
            size = size == 1 ? its : size;
        }
        return size;
    }

    private static void fill(long self, long own, int before, int last, int shared, long result) {
        long chosen = 1;
        for (int d = 0; d < shared; d++) {
            chosen *= Tensors.size(result, before + d);
        }
        if (Tensors.count(result) == 0) {
            // The indices are checked all the same.
            Memory.give(places(self, own, before, shared, chosen, result));
            return;
        }
        long outer = 1;
        for (int d = 0; d < before; d++) {
            outer *= Tensors.size(self, d);
        }
        long run = 1;
        for (int d = last + 1; d < Tensors.rank(self); d++) {
            run *= Tensors.size(self, d);
        }
        long middle = Tensors.count(result) / (outer * chosen * run);
        long outerStride = before == 0 ? 0 : Tensors.stride(self, before - 1);
        long bytes = Tensors.elementBytes(Tensors.dtype(self));
        long places = places(self, own, before, shared, chosen, result);
        long to = Tensors.data(result);
        for (long o = 0; o < outer; o++) {
            for (long i = 0; i < chosen; i++) {
                for (long m = 0; m < middle; m++) {
                    long from =
                            o * outerStride
                                    + at(places, i)
                                    + middlePlace(self, own, before, last, m);
                    MemorySegment.copy(
                            MEMORY, Tensors.data(self) + from * bytes, MEMORY, to, run * bytes);
                    to += run * bytes;
                }
            }
        }
        Memory.give(places);
    }

    /** Returns where the whole dimensions between indexed ones lead for a row-major number. */
    private static long middlePlace(long self, long own, int before, int last, long number) {
        long place = 0;
        long rest = number;
        for (int d = last; d >= before && rest > 0; d--) {
            if (at(own, d) == 0) {
                place += rest % Tensors.size(self, d) * Tensors.stride(self, d);
                rest /= Tensors.size(self, d);
            }
        }
        return place;
    }

    /** Returns a block with where each choice of indices leads; each index is checked. */
    private static long places(
            long self, long own, int before, int shared, long chosen, long result) {
        long places = Memory.take(Math.multiplyExact(chosen, Long.BYTES));
        for (long i = 0; i < chosen; i++) {
            long place = 0;
            for (int d = 0; d < Tensors.rank(self); d++) {
                long tensor = at(own, d);
                if (tensor == 0) {
                    continue;
                }
                long size = Tensors.size(self, d);
                long index = index(tensor, i, before, shared, result);
                if (index < -size || index >= size) {
                    Memory.give(places);
                    throw new BuiltInFailure(
                            "index %d is out of bounds for dimension %d of %s"
                                    .formatted(index, d, Tensors.describe(self)));
                }
                place += (index < 0 ? index + size : index) * Tensors.stride(self, d);
            }
            setAt(places, i, place);
        }
        return places;
    }

    private static long index(long tensor, long number, int before, int shared, long result) {
        long place = 0;
        long rest = number;
        int added = shared - Tensors.rank(tensor);
        for (int d = shared - 1; d >= added; d--) {
            long size = Tensors.size(result, before + d);
            long at = rest % size;
            rest /= size;
            place +=
                    Tensors.size(tensor, d - added) == 1
                            ? 0
                            : at * Tensors.stride(tensor, d - added);
        }
        int dtype = Tensors.dtype(tensor);
        return Numbers.getLong(dtype, Tensors.data(tensor) + place * Tensors.elementBytes(dtype));
    }
}
