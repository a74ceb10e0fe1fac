package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.internal.builtin.tensor.Tensors;

/** Strides of a new tensor that is laid out as another one is: what {@code empty_like} does. */
final class LikeStrides {
    private LikeStrides() {}

    /** Gives a tensor that has been begun the other's sizes, and strides in the same order. */
    static void set(long tensor, long like) {
        int rank = Tensors.rank(like);
        if (isDense(like)) {
            for (int d = 0; d < rank; d++) {
                Tensors.setDimension(tensor, d, Tensors.size(like, d), Tensors.stride(like, d));
            }
            return;
        }
        // Sixteen numbers of dimensions, innermost first (at::infer_dense_strides in
        // aten/src/ATen/ExpandUtils.cpp).
        long order = 0;
        for (int i = 0; i < rank; i++) {
            order |= (long) (rank - 1 - i) << (4 * i);
        }
        for (int i = 1; i < rank; i++) {
            int moved = i;
            for (int j = i - 1; j >= 0; j--) {
                int comparison = compare(like, at(order, j), at(order, moved));
                if (comparison < 0) {
                    break;
                }
                if (comparison > 0) {
                    order = swap(order, j, moved);
                    moved = j;
                }
            }
        }
        long stride = 1;
        for (int i = 0; i < rank; i++) {
            int d = at(order, i);
            Tensors.setDimension(tensor, d, Tensors.size(like, d), stride);
            stride *= Tensors.size(like, d);
        }
    }

    private static int at(long order, int i) {
        return (int) (order >>> (4 * i)) & 15;
    }

    private static long swap(long order, int i, int j) {
        long difference = at(order, i) ^ at(order, j);
        return order ^ (difference << (4 * i)) ^ (difference << (4 * j));
    }

    /** Compares strides of which none is 0, equal ones by size. */
    private static int compare(long tensor, int a, int b) {
        long strideA = Tensors.stride(tensor, a);
        long strideB = Tensors.stride(tensor, b);
        if (strideA == 0 || strideB == 0) {
            return 0;
        }
        if (strideA != strideB) {
            return Long.compare(strideA, strideB);
        }
        return Tensors.size(tensor, a) > Tensors.size(tensor, b) ? 1 : 0;
    }

    /** Returns whether the elements fill their memory, each in a place of its own. */
    private static boolean isDense(long tensor) {
        long expected = 1;
        int found = 0;
        int needed = 0;
        for (int d = 0; d < Tensors.rank(tensor); d++) {
            needed += Tensors.size(tensor, d) > 1 ? 1 : 0;
        }
        for (int d = 0; d < Tensors.rank(tensor); d++) {
            for (int i = 0; i < Tensors.rank(tensor); i++) {
                if (Tensors.size(tensor, i) > 1 && Tensors.stride(tensor, i) == expected) {
                    expected *= Tensors.size(tensor, i);
                    found++;
                    break;
                }
            }
        }
        return found == needed;
    }
}
