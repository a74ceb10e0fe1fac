package io.github.aoti4j.internal.builtin.math;

/**
 * Products of row-major matrices at addresses: {@code C = alpha op(A) op(B) + beta C}, op(A) being
 * m x k, op(B) k x n and C m x n. A leading dimension is the distance of two rows in elements.
 *
 * <p>As in BLAS, {@code beta == 0} overwrites C, whatever it holds, and {@code alpha == 0} reads
 * neither A nor B. C overlaps neither of them.
 */
final class Gemm {
    private Gemm() {}

    static void f32(
            boolean transA,
            boolean transB,
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
            long ldc) {
        JavaGemm.f32(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    }

    static void f64(
            boolean transA,
            boolean transB,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long lda,
            long b,
            long ldb,
            double beta,
            long c,
            long ldc) {
        JavaGemm.f64(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    }
}
