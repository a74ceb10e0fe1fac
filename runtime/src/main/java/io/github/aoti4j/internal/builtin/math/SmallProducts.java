package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * Small products of float32 matrices that lie as they do in most models: rows one after the other,
 * the second matrix perhaps transposed, a row that is added to each. All in one method, since what
 * the general way does before it calls OpenBLAS takes as long as the product.
 */
final class SmallProducts {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** The largest size of a dimension, and stride of a row. */
    private static final long LIMIT = 128;

    /** Smaller matrices than this are multiplied by a row as the transpose by a column. */
    private static final long SMALL_MATRIX = 1 << 9;

    private SmallProducts() {}

    /**
     * Computes {@code out = row + a b}, if all is as it is said above.
     *
     * @param row 0 if nothing is to be added
     * @return false if nothing has been done
     */
    static boolean run(long out, long row, long a, long b) {
        Tensors.require(out, "out");
        Tensors.require(a, "the first matrix");
        Tensors.require(b, "the second matrix");
        int float32 = StridedGemm.FLOAT32;
        if (!Gemm.HAS_BLAS
                || Tensors.dtype(out) != float32
                || Tensors.dtype(a) != float32
                || Tensors.dtype(b) != float32
                || Tensors.rank(out) != 2
                || Tensors.rank(a) != 2
                || Tensors.rank(b) != 2) {
            return false;
        }
        long m = Tensors.size(out, 0);
        long n = Tensors.size(out, 1);
        long k = Tensors.size(a, 1);
        long rowA = Tensors.stride(a, 0);
        long rowC = Tensors.stride(out, 0);
        long rowB = Tensors.stride(b, 0);
        long columnB = Tensors.stride(b, 1);
        boolean plainB = rowB >= n && columnB == 1;
        if (n == 1) {
            plainB = rowB >= 1;
        }
        if (m < 1
                || n < 1
                || k < 1
                || (m | n | k | rowA | rowB | rowC | columnB) >= LIMIT
                || Tensors.size(a, 0) != m
                || Tensors.size(b, 0) != k
                || Tensors.size(b, 1) != n
                || Tensors.stride(a, 1) != 1
                || rowA < k
                || Tensors.stride(out, 1) != 1
                || rowC < n
                || !(plainB || (rowB == 1 && columnB >= k))) {
            return false;
        }
        long c = Tensors.data(out);
        long atA = Tensors.data(a);
        long atB = Tensors.data(b);
        long end = c + m * rowC * Float.BYTES;
        if ((atA < end && c < atA + m * rowA * Float.BYTES)
                || (atB < end && c < atB + (k * rowB + n * columnB) * Float.BYTES)) {
            return false;
        }
        if (row != 0 && !fill(row, n, c, rowC, end)) {
            return false;
        }
        float beta = row == 0 ? 0 : 1;
        if (m == 1 && !plainB && n * k <= SMALL_MATRIX) {
            OpenBlas.gemm(
                    false, false, (int) n, 1, (int) k, 1, atB, (int) columnB, atA, 1, beta, c, 1);
        } else {
            OpenBlas.gemm(
                    false,
                    !plainB,
                    (int) m,
                    (int) n,
                    (int) k,
                    1,
                    atA,
                    (int) rowA,
                    atB,
                    (int) (plainB ? rowB : columnB),
                    beta,
                    c,
                    (int) rowC);
        }
        return true;
    }

    private static boolean fill(long row, long n, long c, long rowC, long end) {
        Tensors.require(row, "self");
        if (Tensors.dtype(row) != StridedGemm.FLOAT32
                || Tensors.rank(row) != 1
                || Tensors.size(row, 0) != n
                || Tensors.stride(row, 0) != 1) {
            return false;
        }
        long from = Tensors.data(row);
        if (from < end && c < from + n * Float.BYTES) {
            return false;
        }
        long bytes = n * Float.BYTES;
        long step = rowC * Float.BYTES;
        long done = 0;
        for (; done + Long.BYTES <= bytes; done += Long.BYTES) {
            long two = MEMORY.get(JAVA_LONG_UNALIGNED, from + done);
            for (long to = c + done; to < end; to += step) {
                MEMORY.set(JAVA_LONG_UNALIGNED, to, two);
            }
        }
        if (done < bytes) {
            int last = MEMORY.get(JAVA_INT_UNALIGNED, from + done);
            for (long to = c + done; to < end; to += step) {
                MEMORY.set(JAVA_INT_UNALIGNED, to, last);
            }
        }
        return true;
    }
}
