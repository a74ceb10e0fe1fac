package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.github.aoti4j.bindings.blas.OpenBlas;

/**
 * Products {@code C = alpha op(A) op(B) + beta C} with a single row or column in C, of a matrix
 * that does not fit into a cache, as in a step of a decoder. OpenBLAS copies matrices before it
 * multiplies them; by a vector it multiplies them as they lie, which took 0.15 to 0.6 of the time
 * (0.3.31, matrices of 768 x 768 to 768 x 50257).
 */
final class VectorProducts {
    /** Smaller matrices than this take as long either way. */
    private static final long LEAST_ELEMENTS = 1 << 17;

    private VectorProducts() {}

    /** Returns whether to use this. */
    static boolean isFaster(long m, long n, long k) {
        return (m == 1 && n * k >= LEAST_ELEMENTS) || (n == 1 && m * k >= LEAST_ELEMENTS);
    }

    /** Computes a product of float. */
    static void run(
            boolean transA,
            boolean transB,
            int m,
            int n,
            int k,
            float alpha,
            long a,
            int lda,
            long b,
            int ldb,
            float beta,
            long c,
            int ldc) {
        OpenBlas.prepareVectors();
        float old = beta;
        if (beta == 0) {
            // By a factor of 0, what is NaN would stay.
            for (long i = 0; i < m; i++) {
                for (long j = 0; j < n; j++) {
                    MEMORY.set(JAVA_FLOAT, c + (i * ldc + j) * Float.BYTES, 0);
                }
            }
            old = 1;
        }
        if (m == 1) {
            int distance = transA ? lda : 1;
            OpenBlas.gemv(
                    !transB, transB ? n : k, transB ? k : n, alpha, b, ldb, a, distance, old, c, 1);
        } else {
            int distance = transB ? 1 : ldb;
            OpenBlas.gemv(
                    transA,
                    transA ? k : m,
                    transA ? m : k,
                    alpha,
                    a,
                    lda,
                    b,
                    distance,
                    old,
                    c,
                    ldc);
        }
    }

    /** Computes a product of double. */
    static void run(
            boolean transA,
            boolean transB,
            int m,
            int n,
            int k,
            double alpha,
            long a,
            int lda,
            long b,
            int ldb,
            double beta,
            long c,
            int ldc) {
        OpenBlas.prepareVectors();
        double old = beta;
        if (beta == 0) {
            for (long i = 0; i < m; i++) {
                for (long j = 0; j < n; j++) {
                    MEMORY.set(JAVA_DOUBLE, c + (i * ldc + j) * Double.BYTES, 0);
                }
            }
            old = 1;
        }
        if (m == 1) {
            int distance = transA ? lda : 1;
            OpenBlas.gemv(
                    !transB, transB ? n : k, transB ? k : n, alpha, b, ldb, a, distance, old, c, 1);
        } else {
            int distance = transB ? 1 : ldb;
            OpenBlas.gemv(
                    transA,
                    transA ? k : m,
                    transA ? m : k,
                    alpha,
                    a,
                    lda,
                    b,
                    distance,
                    old,
                    c,
                    ldc);
        }
    }
}
