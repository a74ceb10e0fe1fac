package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Where an attention's mask of two or four dimensions has its elements: sizes of 1 are repeated.
 */
final class Masks {
    private Masks() {}

    /** Returns the address of the first element of a row. */
    static long address(long mask, long batch, long head, long row) {
        int rank = Tensors.rank(mask);
        long at = row * stride(mask, rank - 2);
        if (rank == 4) {
            at += batch * stride(mask, 0) + head * stride(mask, 1);
        }
        return Tensors.data(mask) + at * Tensors.elementBytes(Tensors.dtype(mask));
    }

    /** Returns the distance of the elements of a row. */
    static long keyStride(long mask) {
        return stride(mask, Tensors.rank(mask) - 1);
    }

    private static long stride(long mask, int d) {
        return Tensors.size(mask, d) == 1 ? 0 : Tensors.stride(mask, d);
    }
}
