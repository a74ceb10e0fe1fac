package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.github.aoti4j.bindings.blas.OpenBlas;

/**
 * Products of floats whose transpose OpenBLAS computes faster: {@code C = alpha op(A) B' + beta C}
 * with few rows in A and many in B, as in a linear layer.
 *
 * <p>OpenBLAS copies both operands before it multiplies. It reads 16 rows of one side at a time,
 * which evict one another from the first cache if they lie at distances of 4 KiB, and 4 rows of the
 * other. Here B is on the other side. Up to 256 rows this takes 0.5 to about 1.0 of the time at
 * such distances (OpenBLAS 0.3.31 with AVX-512 and with AVX2); up to 32 rows at all distances 0.5
 * to about 1.0 with AVX2, and 0.8 to 1.1 with AVX-512.
 */
final class Flipped {
    private static final long PAGE = 4096 / Float.BYTES;
    private static final long FEW_ROWS = 32;
    private static final long MOST_ROWS = 256;

    /** A smaller B is copied in no time. */
    private static final long LEAST_ELEMENTS = 1 << 16;

    /** At most as many elements of the transpose are computed at a time: 2 MiB. */
    private static final long MOST_ELEMENTS = 1 << 19;

    /** Columns that are transposed at a time: a line of the cache. */
    private static final long COLUMNS = 16;

    private Flipped() {}

    /** Returns whether to use this for a product of float. */
    static boolean isFaster(boolean transB, long m, long n, long k, long ldb) {
        return transB
                && m > 1
                && m <= (ldb % PAGE == 0 ? MOST_ROWS : FEW_ROWS)
                && n >= 2 * m
                && n * k >= LEAST_ELEMENTS;
    }

    /** Returns how much memory a product of so many columns needs. */
    static long scratchBytes(long m, long n) {
        return Math.min(n, columnsOfBlock(m)) * m * Float.BYTES;
    }

    private static long columnsOfBlock(long m) {
        return MOST_ELEMENTS / m;
    }

    /** Computes the product, with memory for its transpose. */
    static void run(
            boolean transA,
            long m,
            long n,
            long k,
            float alpha,
            long a,
            long lda,
            long b,
            long ldb,
            float beta,
            long c,
            long ldc,
            long scratch) {
        long block = columnsOfBlock(m);
        for (long from = 0; from < n; from += block) {
            long some = Math.min(block, n - from);
            OpenBlas.gemm(
                    false,
                    !transA,
                    (int) some,
                    (int) m,
                    (int) k,
                    alpha,
                    b + from * ldb * Float.BYTES,
                    (int) ldb,
                    a,
                    (int) lda,
                    0f,
                    scratch,
                    (int) m);
            transpose(scratch, m, some, beta, c + from * Float.BYTES, ldc);
        }
    }

    private static void transpose(long t, long m, long n, float beta, long c, long ldc) {
        for (long from = 0; from < n; from += COLUMNS) {
            long to = Math.min(n, from + COLUMNS);
            for (long row = 0; row < m; row++) {
                long source = t + row * Float.BYTES;
                long target = c + row * ldc * Float.BYTES;
                if (beta == 0) {
                    for (long j = from; j < to; j++) {
                        float x = MEMORY.get(JAVA_FLOAT, source + j * m * Float.BYTES);
                        MEMORY.set(JAVA_FLOAT, target + j * Float.BYTES, x);
                    }
                } else {
                    for (long j = from; j < to; j++) {
                        float x = MEMORY.get(JAVA_FLOAT, source + j * m * Float.BYTES);
                        float y = MEMORY.get(JAVA_FLOAT, target + j * Float.BYTES);
                        MEMORY.set(JAVA_FLOAT, target + j * Float.BYTES, beta * y + x);
                    }
                }
            }
        }
    }
}
