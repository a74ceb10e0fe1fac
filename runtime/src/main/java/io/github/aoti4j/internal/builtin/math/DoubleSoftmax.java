package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** As {@link FloatSoftmax}, for scores of double: rare, and one at a time. */
final class DoubleSoftmax {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

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
        for (int r = 0; r < rows; r++) {
            long at = scores + (long) r * keys * Double.BYTES;
            if (t.mask != 0) {
                addMask(t, batch, head, row + r, from, keys, at);
            }
            long allowed = t.isCausal ? row + r + 1 - from : keys;
            double max = state.largest(r);
            for (int i = 0; i < keys; i++) {
                double x = i < allowed ? get(at, i) : Double.NEGATIVE_INFINITY;
                set(at, i, x);
                max = x > max ? x : max;
            }
            double least = max == Double.NEGATIVE_INFINITY ? 0 : max;
            double sum = 0;
            for (int i = 0; i < keys; i++) {
                double x = Math.exp(get(at, i) - least);
                set(at, i, x);
                sum += x;
            }
            state.add(r, max, sum);
            for (int i = 0; divide && sum != 0 && i < keys; i++) {
                set(at, i, get(at, i) / sum);
            }
        }
    }

    private static void addMask(
            AttentionTasks t, long batch, long head, long row, long from, int keys, long at) {
        long mask = Masks.address(t.mask, batch, head, row);
        long stride = Masks.keyStride(t.mask);
        for (int i = 0; i < keys; i++) {
            set(at, i, get(at, i) + get(mask, (from + i) * stride));
        }
    }

    private static double get(long address, long i) {
        return MEMORY.get(JAVA_DOUBLE_UNALIGNED, address + i * Double.BYTES);
    }

    private static void set(long address, long i, double value) {
        MEMORY.set(JAVA_DOUBLE_UNALIGNED, address + i * Double.BYTES, value);
    }
}
