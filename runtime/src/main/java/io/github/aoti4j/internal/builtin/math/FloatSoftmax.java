package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.internal.builtin.tensor.Tensors;

/** Turns scores of float into their exponentials, relative to the largest of each row. */
final class FloatSoftmax {
    private final FloatRows x = new FloatRows();
    private final float[] largest = new float[AttentionTasks.ROWS];

    /**
     * Works on a block of scores, and adds it to the state of its rows.
     *
     * @param scores dense rows of {@code keys} each
     * @param divide whether there are no other keys: the sum of each row becomes 1
     */
    void run(
            AttentionTasks t,
            SoftmaxState state,
            long batch,
            long head,
            long row,
            int rows,
            long from,
            int keys,
            long scores,
            boolean divide) {
        int together = Math.max(1, FloatRows.CAPACITY / keys);
        for (int first = 0; first < rows; first += together) {
            int some = Math.min(together, rows - first);
            long at = scores + (long) first * keys * Float.BYTES;
            x.load(at, some * keys);
            if (t.mask != 0) {
                for (int r = 0; r < some; r++) {
                    loadMask(t, batch, head, row + first + r, from, r * keys, keys);
                }
                x.addMask(some * keys);
            }
            for (int r = 0; t.isCausal && r < some; r++) {
                long allowed = row + first + r + 1 - from;
                if (allowed < keys) {
                    x.exclude(r * keys + (int) Math.max(0, allowed), (r + 1) * keys);
                }
            }
            x.readyForMax(some * keys);
            for (int r = 0; r < some; r++) {
                float least = (float) state.largest(first + r);
                float max = x.max(r * keys, (r + 1) * keys, least);
                largest[r] = max;
                x.add(r * keys, (r + 1) * keys, max == Float.NEGATIVE_INFINITY ? 0 : -max);
            }
            x.exponentiate(some * keys);
            for (int r = 0; r < some; r++) {
                float sum = x.sum(r * keys, (r + 1) * keys);
                state.add(first + r, largest[r], sum);
                if (divide && sum != 0) {
                    x.multiply(r * keys, (r + 1) * keys, 1 / sum);
                }
            }
            x.store(at, some * keys);
        }
    }

    private void loadMask(
            AttentionTasks t, long batch, long head, long row, long from, int at, int keys) {
        int dtype = Tensors.dtype(t.mask);
        long stride = Masks.keyStride(t.mask);
        long address =
                Masks.address(t.mask, batch, head, row)
                        + from * stride * Tensors.elementBytes(dtype);
        x.loadMask(dtype, address, stride, at, keys);
    }
}
