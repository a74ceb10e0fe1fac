package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Layouts;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * The largest or smallest elements along a dimension, or all of them in order. NaN is greater than
 * everything else, and of equal elements the first comes first, so that sorting is stable.
 *
 * <p>Each row goes through a heap of pairs in scratch memory: a key, a number whose order is that
 * of the result, and the index.
 */
public final class Sorting {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final int PAIR = 2 * Long.BYTES;

    private Sorting() {}

    /** {@code aoti_torch_cpu_topk}; the result is always sorted. */
    public static void topk(
            long self, long k, long dim, int largest, int sorted, long ret0, long ret1) {
        Tensors.require(self, "self");
        int dimension = dimension(self, dim);
        if (k < 0 || k > length(self, dimension)) {
            throw new BuiltInFailure(
                    "%d elements were requested of dimension %d of %s"
                            .formatted(k, dimension, Tensors.describe(self)));
        }
        // The result for a tensor without dimensions has none, whatever k is.
        long taken = Tensors.rank(self) == 0 ? 1 : k;
        select(self, dimension, taken, largest != 0, false, ret0, ret1);
    }

    /** {@code aoti_torch_cpu_sort}, which is stable here. */
    public static void sort(long self, long dim, int descending, long ret0, long ret1) {
        sortStable(self, 0, dim, descending, ret0, ret1);
    }

    /**
     * {@code aoti_torch_cpu_sort_stable}.
     *
     * @param stable the address of an int32 that does not matter, or 0
     */
    public static void sortStable(
            long self, long stable, long dim, int descending, long ret0, long ret1) {
        Tensors.require(self, "self");
        int dimension = dimension(self, dim);
        select(self, dimension, length(self, dimension), descending != 0, true, ret0, ret1);
    }

    private static int dimension(long tensor, long dim) {
        int rank = Math.max(1, Tensors.rank(tensor));
        if (dim < -rank || dim >= rank) {
            throw new BuiltInFailure("dimension %d of %s".formatted(dim, Tensors.describe(tensor)));
        }
        return (int) (dim < 0 ? dim + rank : dim);
    }

    /** A tensor without dimensions has one element. */
    private static long length(long tensor, int dimension) {
        return Tensors.rank(tensor) == 0 ? 1 : Tensors.size(tensor, dimension);
    }

    private static long step(long tensor, int dimension) {
        return Tensors.rank(tensor) == 0 ? 0 : Tensors.stride(tensor, dimension);
    }

    private static void select(
            long self, int dimension, long k, boolean largest, boolean keep, long ret0, long ret1) {
        if (!isOrdered(Tensors.dtype(self))) {
            throw new BuiltInFailure(
                    "elements of %s have no order here".formatted(Tensors.describe(self)));
        }
        long heap = Memory.take(Math.multiplyExact(k, PAIR));
        long values = 0;
        long indices = 0;
        try {
            values = result(self, Tensors.dtype(self), dimension, k, keep);
            indices = result(self, Numbers.INT64, dimension, k, keep);
            rows(self, dimension, k, largest, heap, values, indices);
        } catch (Throwable e) {
            if (values != 0) {
                Tensors.delete(values);
            }
            if (indices != 0) {
                Tensors.delete(indices);
            }
            throw e;
        } finally {
            Memory.give(heap);
        }
        MEMORY.set(JAVA_LONG, ret0, values);
        MEMORY.set(JAVA_LONG, ret1, indices);
    }

    private static long result(long self, int dtype, int dimension, long k, boolean keep) {
        int rank = Tensors.rank(self);
        long tensor = Tensors.begin(dtype, rank);
        long stride = 1;
        for (int d = rank - 1; d >= 0; d--) {
            long size = d == dimension ? k : Tensors.size(self, d);
            Tensors.setDimension(tensor, d, size, keep ? Tensors.stride(self, d) : stride);
            stride = Math.multiplyExact(stride, Math.max(1, size));
        }
        if (keep && !Layouts.isDense(self)) {
            Layouts.setDenseStrides(tensor);
        }
        Tensors.allocate(tensor);
        return tensor;
    }

    private static void rows(
            long self,
            int dimension,
            long k,
            boolean largest,
            long heap,
            long values,
            long indices) {
        long length = length(self, dimension);
        if (Tensors.count(self) == 0 || k == 0) {
            return;
        }
        int bytes = Tensors.elementBytes(Tensors.dtype(self));
        long step = step(self, dimension);
        long resultStep = step(values, dimension);
        long rows = Tensors.count(self) / length;
        for (long row = 0; row < rows; row++) {
            long from = place(self, dimension, row);
            long to = place(values, dimension, row);
            fill(self, from, step, length, k, largest, heap);
            sort(heap, k);
            for (long i = 0; i < k; i++) {
                long index = MEMORY.get(JAVA_LONG, heap + i * PAIR + Long.BYTES);
                long at = to + i * resultStep;
                MEMORY.set(JAVA_LONG, Tensors.data(indices) + at * Long.BYTES, index);
                long source = Tensors.data(self) + (from + index * step) * bytes;
                long target = Tensors.data(values) + at * bytes;
                for (int b = 0; b < bytes; b++) {
                    MEMORY.set(JAVA_BYTE, target + b, MEMORY.get(JAVA_BYTE, source + b));
                }
            }
        }
    }

    /** Returns where a row begins, in elements: a row is a number for all other dimensions. */
    private static long place(long tensor, int dimension, long row) {
        long place = 0;
        long rest = row;
        for (int d = Tensors.rank(tensor) - 1; d >= 0; d--) {
            if (d != dimension) {
                place += rest % Tensors.size(tensor, d) * Tensors.stride(tensor, d);
                rest /= Tensors.size(tensor, d);
            }
        }
        return place;
    }

    /** Leaves the k first of a row in the heap, the last of them at its top. */
    private static void fill(
            long self, long from, long step, long length, long k, boolean largest, long heap) {
        for (long i = 0; i < k; i++) {
            set(heap, i, key(self, from + i * step, largest), i);
        }
        for (long i = k / 2 - 1; i >= 0; i--) {
            sink(heap, i, k);
        }
        for (long i = k; i < length; i++) {
            long key = key(self, from + i * step, largest);
            // Of equal ones the earlier stays.
            if (key < MEMORY.get(JAVA_LONG, heap)) {
                set(heap, 0, key, i);
                sink(heap, 0, k);
            }
        }
    }

    private static void sort(long heap, long k) {
        for (long end = k - 1; end > 0; end--) {
            swap(heap, 0, end);
            sink(heap, 0, end);
        }
    }

    private static void sink(long heap, long start, long count) {
        long parent = start;
        while (2 * parent + 1 < count) {
            long child = 2 * parent + 1;
            if (child + 1 < count && isBefore(heap, child, child + 1)) {
                child++;
            }
            if (!isBefore(heap, parent, child)) {
                return;
            }
            swap(heap, parent, child);
            parent = child;
        }
    }

    private static boolean isBefore(long heap, long a, long b) {
        long first = MEMORY.get(JAVA_LONG, heap + a * PAIR);
        long second = MEMORY.get(JAVA_LONG, heap + b * PAIR);
        return first < second
                || (first == second
                        && MEMORY.get(JAVA_LONG, heap + a * PAIR + Long.BYTES)
                                < MEMORY.get(JAVA_LONG, heap + b * PAIR + Long.BYTES));
    }

    private static void swap(long heap, long a, long b) {
        long key = MEMORY.get(JAVA_LONG, heap + a * PAIR);
        long index = MEMORY.get(JAVA_LONG, heap + a * PAIR + Long.BYTES);
        set(
                heap,
                a,
                MEMORY.get(JAVA_LONG, heap + b * PAIR),
                MEMORY.get(JAVA_LONG, heap + b * PAIR + Long.BYTES));
        set(heap, b, key, index);
    }

    private static void set(long heap, long at, long key, long index) {
        MEMORY.set(JAVA_LONG, heap + at * PAIR, key);
        MEMORY.set(JAVA_LONG, heap + at * PAIR + Long.BYTES, index);
    }

    /** libtorch sorts no unsigned integers of more than 8 bits. */
    private static boolean isOrdered(int dtype) {
        return Numbers.isFloating(dtype)
                || (Numbers.isIntegral(dtype)
                        && dtype != Numbers.UINT16
                        && dtype != Numbers.UINT32
                        && dtype != Numbers.UINT64);
    }

    /** Returns a number that orders an element; the least is the first of the result. */
    private static long key(long tensor, long at, boolean largest) {
        int dtype = Tensors.dtype(tensor);
        long address = Tensors.data(tensor) + at * Tensors.elementBytes(dtype);
        long order =
                Numbers.isFloating(dtype)
                        ? order(Numbers.getDouble(dtype, address))
                        : Numbers.getLong(dtype, address);
        return largest ? ~order : order;
    }

    /** The bits of a float, as a number with the same order; zeros are equal, NaN is greatest. */
    private static long order(double value) {
        if (value == 0) {
            return 0;
        }
        long bits = Double.doubleToLongBits(value);
        return bits >= 0 ? bits : bits ^ Long.MAX_VALUE;
    }
}
