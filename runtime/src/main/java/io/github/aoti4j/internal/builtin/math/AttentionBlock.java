package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * Computes some rows of an attention's output: a block of keys at a time, with the largest score
 * and the sum of each row so far.
 */
final class AttentionBlock {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final FloatSoftmax floats = new FloatSoftmax();
    private final DoubleSoftmax doubles = new DoubleSoftmax();
    private final SoftmaxState state = new SoftmaxState();

    /** Returns how much memory a block needs: for scores, results, and wide copies. */
    static long scratchBytes(AttentionTasks t) {
        long element = t.isDouble ? Double.BYTES : Float.BYTES;
        long elements = (long) t.rowsOfBlock * t.keysOfBlock;
        elements = Math.addExact(elements, Math.multiplyExact(t.rowsOfBlock, t.width));
        if (t.isNarrow) {
            long copied = t.rowsOfBlock + 2L * t.keysOfBlock;
            elements = Math.addExact(elements, Math.multiplyExact(copied, t.width));
        }
        return Math.multiplyExact(elements, element) + 63 & -64L;
    }

    void run(AttentionTasks t, long batch, long head, long row, int rows, long scratch) {
        long element = t.isDouble ? Double.BYTES : Float.BYTES;
        long scores = scratch;
        long results = scores + (long) t.rowsOfBlock * t.keysOfBlock * element;
        long copies = results + t.rowsOfBlock * t.width * element;
        long lastKey = t.isCausal ? Math.min(t.keys, row + rows) : t.keys;
        boolean isOne = lastKey <= t.keysOfBlock;
        boolean direct = isOne && !t.isNarrow && t.width > 0;
        long target = direct ? address(t.output, batch, head, row) : results;
        long distance = direct ? Tensors.stride(t.output, 2) : t.width;
        if (direct && ((rows > 1 && distance < t.width) || !hasDenseRows(t.output))) {
            direct = false;
            target = results;
            distance = t.width;
        }
        state.begin(rows);
        long q = rows(t, t.query, batch, head, row, rows, copies);
        long qDistance = t.isNarrow ? t.width : Tensors.stride(t.query, 2);
        long keyCopies = copies + (long) t.rowsOfBlock * t.width * element;
        for (long from = 0; from < lastKey; from += t.keysOfBlock) {
            int keys = (int) Math.min(t.keysOfBlock, lastKey - from);
            long k = rows(t, t.key, batch, head, from, keys, keyCopies);
            long kDistance = t.isNarrow ? t.width : Tensors.stride(t.key, 2);
            gemm(
                    t, true, rows, keys, t.width, t.scale, q, qDistance, k, kDistance, 0, scores,
                    keys);
            if (t.isDouble) {
                doubles.run(t, state, batch, head, row, rows, from, keys, scores, isOne);
            } else {
                floats.run(t, state, batch, head, row, rows, from, keys, scores, isOne);
            }
            if (from > 0) {
                state.rescale(t.isDouble, rows, t.width, results);
            }
            long valueCopies = keyCopies + t.keysOfBlock * t.width * element;
            long v = rows(t, t.value, batch, head, from, keys, valueCopies);
            long vDistance = t.isNarrow ? t.width : Tensors.stride(t.value, 2);
            int old = from == 0 ? 0 : 1;
            gemm(
                    t, false, rows, t.width, keys, 1, scores, keys, v, vDistance, old, target,
                    distance);
        }
        finish(t, batch, head, row, rows, target, direct, isOne && lastKey > 0);
    }

    private static long address(long tensor, long batch, long head, long row) {
        return Tensors.data(tensor)
                + (batch * Tensors.stride(tensor, 0)
                                + head * Tensors.stride(tensor, 1)
                                + row * Tensors.stride(tensor, 2))
                        * Tensors.elementBytes(Tensors.dtype(tensor));
    }

    private static boolean hasDenseRows(long tensor) {
        return Tensors.size(tensor, 3) <= 1 || Tensors.stride(tensor, 3) == 1;
    }

    /** Returns the address of rows as float or double: their own, or that of a copy. */
    private static long rows(
            AttentionTasks t, long tensor, long batch, long head, long row, long rows, long copy) {
        long from = address(tensor, batch, head, row);
        if (t.isNarrow) {
            long _ =
                    Widening.copy(
                            t.dtype,
                            from,
                            copy,
                            1,
                            0,
                            1,
                            0,
                            1,
                            0,
                            rows,
                            Tensors.stride(tensor, 2),
                            t.width,
                            1);
            return copy;
        }
        return from;
    }

    private static void gemm(
            AttentionTasks t,
            boolean transB,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long lda,
            long b,
            long ldb,
            int beta,
            long c,
            long ldc) {
        if (t.isDouble) {
            Gemm.f64(false, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        } else {
            Gemm.f32(false, transB, m, n, k, (float) alpha, a, lda, b, ldb, beta, c, ldc);
        }
    }

    /** Writes what has not been written yet: the results, divided by the sums, and these. */
    private void finish(
            AttentionTasks t,
            long batch,
            long head,
            long row,
            int rows,
            long results,
            boolean direct,
            boolean isDivided) {
        long stride = Tensors.stride(t.output, 3);
        for (int r = 0; r < rows; r++) {
            long to = address(t.output, batch, head, row + r);
            if (state.isEmpty(r)) {
                write(t, 0, 0, to, stride, true);
            } else if (!direct) {
                double factor = isDivided ? 1 : 1 / state.sum(r);
                long element = t.isDouble ? Double.BYTES : Float.BYTES;
                write(t, results + r * t.width * element, factor, to, stride, false);
            }
            long at =
                    Tensors.data(t.sums)
                            + (batch * Tensors.stride(t.sums, 0)
                                            + head
                                            + (row + r) * Tensors.stride(t.sums, 2))
                                    * (t.isDouble ? Double.BYTES : Float.BYTES);
            if (t.isDouble) {
                MEMORY.set(JAVA_DOUBLE_UNALIGNED, at, state.logarithm(r));
            } else {
                MEMORY.set(JAVA_FLOAT_UNALIGNED, at, (float) state.logarithm(r));
            }
        }
    }

    private static void write(
            AttentionTasks t, long from, double factor, long to, long stride, boolean zero) {
        for (long i = 0; i < t.width; i++) {
            if (t.isDouble) {
                double x = zero ? 0 : MEMORY.get(JAVA_DOUBLE_UNALIGNED, from + i * Double.BYTES);
                MEMORY.set(
                        JAVA_DOUBLE_UNALIGNED,
                        to + i * stride * Double.BYTES,
                        zero ? 0 : x * factor);
                continue;
            }
            float x = zero ? 0 : MEMORY.get(JAVA_FLOAT_UNALIGNED, from + i * Float.BYTES);
            float result = zero ? 0 : x * (float) factor;
            if (t.isNarrow) {
                Widening.setNarrow(t.dtype, to + i * stride * Short.BYTES, result);
            } else {
                MEMORY.set(JAVA_FLOAT_UNALIGNED, to + i * stride * Float.BYTES, result);
            }
        }
    }
}
