package io.github.aoti4j.internal.builtin.tensor;

/** How the elements of tensors lie in memory. */
public final class Layouts {
    private Layouts() {}

    /** Returns the bytes from the first element's start to the last one's end. */
    public static long spanBytes(long tensor) {
        return span(tensor) * Tensors.elementBytes(Tensors.dtype(tensor));
    }

    private static long span(long tensor) {
        if (Tensors.count(tensor) == 0) {
            return 0;
        }
        long last = 0;
        for (int d = 0; d < Tensors.rank(tensor); d++) {
            last += (Tensors.size(tensor, d) - 1) * Tensors.stride(tensor, d);
        }
        return last + 1;
    }

    /** Returns whether the strides are the row-major ones, as far as they matter. */
    public static boolean isContiguous(long tensor) {
        long expected = 1;
        boolean contiguous = true;
        for (int d = Tensors.rank(tensor) - 1; d >= 0; d--) {
            long size = Tensors.size(tensor, d);
            contiguous &= size == 1 || Tensors.stride(tensor, d) == expected;
            expected *= size;
        }
        return contiguous || expected == 0;
    }

    /** Returns whether the elements fill their memory, in whatever order of the dimensions. */
    public static boolean isDense(long tensor) {
        if (isContiguous(tensor)) {
            return true;
        }
        if (span(tensor) != Tensors.count(tensor)) {
            return false;
        }
        int rank = Tensors.rank(tensor);
        long next = 1;
        while (next != Tensors.count(tensor)) {
            int d = 0;
            while (d < rank
                    && (Tensors.size(tensor, d) == 1 || Tensors.stride(tensor, d) != next)) {
                d++;
            }
            if (d == rank) {
                return false;
            }
            next *= Tensors.size(tensor, d);
        }
        return true;
    }

    /** Returns whether two tensors have the same sizes and, as far as they matter, strides. */
    public static boolean areSame(long a, long b) {
        int rank = Tensors.rank(a);
        if (rank != Tensors.rank(b)) {
            return false;
        }
        for (int d = 0; d < rank; d++) {
            long size = Tensors.size(a, d);
            if (size != Tensors.size(b, d)
                    || (size != 1 && Tensors.stride(a, d) != Tensors.stride(b, d))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Fails if elements of a tensor that is to be written lie in the same place, where that is
     * plain to see.
     */
    public static void requireApart(long tensor) {
        for (int d = 0; d < Tensors.rank(tensor); d++) {
            if (Tensors.stride(tensor, d) == 0 && Tensors.size(tensor, d) > 1) {
                throw new BuiltInFailure(
                        "more than one element of what is written lies in the same place: "
                                + Tensors.describe(tensor));
            }
        }
    }

    /**
     * Gives a tensor that has been begun strides without gaps, in the order of those it has, or
     * deletes it if there is no memory: as {@code at::infer_dense_strides}
     * (aten/src/ATen/ExpandUtils.cpp).
     */
    public static void setDenseStrides(long tensor) {
        int rank = Tensors.rank(tensor);
        if (rank == 0) {
            return;
        }
        // The order of the dimensions, innermost first.
        long order = Memory.tryTake((long) rank * Long.BYTES);
        if (order == 0) {
            Tensors.delete(tensor);
            throw new BuiltInFailure("there is no memory for %d strides".formatted(rank));
        }
        for (int i = 0; i < rank; i++) {
            Raw.setLong(at(order, i), rank - 1 - i);
        }
        for (int i = 1; i < rank; i++) {
            int moved = i;
            for (int other = i - 1; other >= 0; other--) {
                long outer = Raw.getLong(at(order, other));
                long inner = Raw.getLong(at(order, moved));
                int comparison = compare(tensor, (int) outer, (int) inner);
                if (comparison > 0) {
                    Raw.setLong(at(order, other), inner);
                    Raw.setLong(at(order, moved), outer);
                    moved = other;
                } else if (comparison < 0) {
                    break;
                }
            }
        }
        long stride = 1;
        for (int i = 0; i < rank; i++) {
            int d = (int) Raw.getLong(at(order, i));
            Tensors.setDimension(tensor, d, Tensors.size(tensor, d), stride);
            stride *= Math.max(1, Tensors.size(tensor, d));
        }
        Memory.give(order);
    }

    /** Which of two dimensions is to be the inner one; 0 if that is open. */
    private static int compare(long tensor, int a, int b) {
        long strideA = Tensors.stride(tensor, a);
        long strideB = Tensors.stride(tensor, b);
        if (strideA == 0 || strideB == 0) {
            return 0;
        }
        return strideA != strideB
                ? Long.compare(strideA, strideB)
                : Tensors.size(tensor, a) > Tensors.size(tensor, b) ? 1 : 0;
    }

    private static long at(long list, int index) {
        return list + (long) index * Long.BYTES;
    }
}
