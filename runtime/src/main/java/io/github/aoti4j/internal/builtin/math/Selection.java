package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/** Results of as many elements as the data say. */
public final class Selection {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Selection() {}

    /** {@code aoti_torch_cpu_nonzero}: [count, dimensions], the columns one after another. */
    public static void nonzero(long self, long ret0) {
        MEMORY.set(JAVA_LONG, ret0, nonzero(self));
    }

    /** Returns the indices of all elements that are not 0, a new tensor. */
    static long nonzero(long self) {
        Tensors.require(self, "self");
        Numbers.requireNumber(self, "self");
        long count = 0;
        for (long i = 0; i < Tensors.count(self); i++) {
            count += isNonzero(self, place(self, i)) ? 1 : 0;
        }
        int rank = Tensors.rank(self);
        long result = Tensors.begin(DType.INT64.code(), 2);
        Tensors.setDimension(result, 0, count, 1);
        Tensors.setDimension(result, 1, rank, count);
        Tensors.allocate(result);
        long _ = writeIndices(self, result);
        return result;
    }

    /**
     * {@code aoti_torch_cpu_nonzero_static}: the indices of as many elements as wanted.
     *
     * @param fillValue what stands for indices of elements that are not there
     */
    public static void nonzeroStatic(long self, long size, long fillValue, long ret0) {
        Tensors.require(self, "self");
        Numbers.requireNumber(self, "self");
        if (size < 0) {
            throw new BuiltInFailure("%d indices of %s".formatted(size, Tensors.describe(self)));
        }
        int rank = Tensors.rank(self);
        long result = Tensors.begin(DType.INT64.code(), 2);
        Tensors.setDimension(result, 0, size, Math.max(1, rank));
        Tensors.setDimension(result, 1, rank, 1);
        Tensors.allocate(result);
        long written = writeIndices(self, result);
        for (long i = written * rank; i < size * rank; i++) {
            MEMORY.set(JAVA_LONG, Tensors.data(result) + i * Long.BYTES, fillValue);
        }
        MEMORY.set(JAVA_LONG, ret0, result);
    }

    /** Writes a row for each element that is not 0, as far as there are rows; returns how many. */
    private static long writeIndices(long self, long result) {
        long row = 0;
        for (long i = 0; i < Tensors.count(self) && row < Tensors.size(result, 0); i++) {
            if (isNonzero(self, place(self, i))) {
                long at = Tensors.data(result) + row * Tensors.stride(result, 0) * Long.BYTES;
                long rest = i;
                for (int d = Tensors.rank(self) - 1; d >= 0; d--) {
                    long index = rest % Tensors.size(self, d);
                    rest /= Tensors.size(self, d);
                    MEMORY.set(JAVA_LONG, at + d * Tensors.stride(result, 1) * Long.BYTES, index);
                }
                row++;
            }
        }
        return row;
    }

    /** Of a float NaN is not 0 either. */
    private static boolean isNonzero(long tensor, long place) {
        int dtype = Tensors.dtype(tensor);
        long address = Tensors.data(tensor) + place * Tensors.elementBytes(dtype);
        return Numbers.isFloating(dtype)
                ? Numbers.getDouble(dtype, address) != 0
                : Numbers.getLong(dtype, address) != 0;
    }

    /** Returns where the element of a row-major number lies. */
    private static long place(long tensor, long number) {
        long place = 0;
        long rest = number;
        for (int d = Tensors.rank(tensor) - 1; d >= 0; d--) {
            place += rest % Tensors.size(tensor, d) * Tensors.stride(tensor, d);
            rest /= Tensors.size(tensor, d);
        }
        return place;
    }

    /** {@code aoti_torch_cpu_masked_select}. */
    public static void maskedSelect(long self, long mask, long ret0) {
        Tensors.require(self, "self");
        Tensors.require(mask, "mask");
        if (Tensors.dtype(mask) != DType.BOOL.code()) {
            throw new BuiltInFailure("a mask is %s".formatted(Tensors.describe(mask)));
        }
        int rank = Math.max(Tensors.rank(self), Tensors.rank(mask));
        long sizes = Memory.take(Math.max(1, rank) * (long) Long.BYTES);
        try {
            long all = broadcast(self, mask, rank, sizes);
            long count = 0;
            for (long i = 0; i < all; i++) {
                count += isNonzero(mask, place(mask, i, rank, sizes)) ? 1 : 0;
            }
            int dtype = Tensors.dtype(self);
            long bytes = Tensors.elementBytes(dtype);
            long result = Tensors.begin(dtype, 1);
            Tensors.setDimension(result, 0, count, 1);
            Tensors.allocate(result);
            long to = Tensors.data(result);
            for (long i = 0; i < all; i++) {
                if (isNonzero(mask, place(mask, i, rank, sizes))) {
                    long from = Tensors.data(self) + place(self, i, rank, sizes) * bytes;
                    copy(from, to, bytes);
                    to += bytes;
                }
            }
            MEMORY.set(JAVA_LONG, ret0, result);
        } finally {
            Memory.give(sizes);
        }
    }

    /** Writes the sizes to which two tensors are repeated, and returns their product. */
    private static long broadcast(long a, long b, int rank, long sizes) {
        long all = 1;
        for (int d = 0; d < rank; d++) {
            long first = sizeFromEnd(a, rank - 1 - d);
            long second = sizeFromEnd(b, rank - 1 - d);
            if (first != second && first != 1 && second != 1) {
                throw new BuiltInFailure(
                        "%s and %s do not fit".formatted(Tensors.describe(a), Tensors.describe(b)));
            }
            long size = first == 1 ? second : first;
            MEMORY.set(JAVA_LONG, sizes + (long) d * Long.BYTES, size);
            all = Math.multiplyExact(all, size);
        }
        return all;
    }

    /** Returns the size of a dimension that is counted from the last one; 1 in front of all. */
    private static long sizeFromEnd(long tensor, int fromEnd) {
        int d = Tensors.rank(tensor) - 1 - fromEnd;
        return d < 0 ? 1 : Tensors.size(tensor, d);
    }

    /** Returns where the element of a row-major number lies in a tensor that is repeated. */
    private static long place(long tensor, long number, int rank, long sizes) {
        long place = 0;
        long rest = number;
        int added = rank - Tensors.rank(tensor);
        for (int d = rank - 1; d >= added; d--) {
            long size = MEMORY.get(JAVA_LONG, sizes + (long) d * Long.BYTES);
            long index = rest % size;
            rest /= size;
            place +=
                    Tensors.size(tensor, d - added) == 1
                            ? 0
                            : index * Tensors.stride(tensor, d - added);
        }
        return place;
    }

    /** Copies an element. */
    static void copy(long from, long to, long bytes) {
        for (long b = 0; b < bytes; b++) {
            MEMORY.set(JAVA_BYTE, to + b, MEMORY.get(JAVA_BYTE, from + b));
        }
    }

    /**
     * {@code aoti_torch_cpu_repeat_interleave_Tensor}: each index as often as the tensor says.
     *
     * @param outputSize the address of how many there will be, or 0
     */
    public static void repeatInterleave(long repeats, long outputSize, long ret0) {
        Tensors.require(repeats, "repeats");
        int dtype = Tensors.dtype(repeats);
        boolean known = dtype == DType.INT64.code() || dtype == DType.INT32.code();
        if (!known || Tensors.rank(repeats) != 1) {
            throw new BuiltInFailure("repeats are %s".formatted(Tensors.describe(repeats)));
        }
        long sum = 0;
        for (long i = 0; i < Tensors.count(repeats); i++) {
            long times = repeat(repeats, i);
            if (times < 0 || times > Long.MAX_VALUE - sum) {
                throw new BuiltInFailure("%d repeats after %d".formatted(times, sum));
            }
            sum += times;
        }
        if (outputSize != 0 && MEMORY.get(JAVA_LONG, outputSize) != sum) {
            throw new BuiltInFailure(
                    "%d repeats, but output_size is %d"
                            .formatted(sum, MEMORY.get(JAVA_LONG, outputSize)));
        }
        long result = Tensors.begin(dtype, 1);
        Tensors.setDimension(result, 0, sum, 1);
        Tensors.allocate(result);
        long to = Tensors.data(result);
        int bytes = Tensors.elementBytes(dtype);
        for (long i = 0; i < Tensors.count(repeats); i++) {
            for (long times = repeat(repeats, i); times > 0; times--) {
                Numbers.setLong(dtype, to, i);
                to += bytes;
            }
        }
        MEMORY.set(JAVA_LONG, ret0, result);
    }

    private static long repeat(long repeats, long i) {
        int dtype = Tensors.dtype(repeats);
        long place = i * Tensors.stride(repeats, 0) * Tensors.elementBytes(dtype);
        return Numbers.getLong(dtype, Tensors.data(repeats) + place);
    }
}
