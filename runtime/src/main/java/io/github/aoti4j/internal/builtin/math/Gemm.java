package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.core.IncompatibleModelException;

/**
 * Products of row-major matrices at addresses: {@code C = alpha op(A) op(B) + beta C}, op(A) being
 * m x k, op(B) k x n and C m x n. A leading dimension is the distance of two rows in elements.
 *
 * <p>As in BLAS, {@code beta == 0} overwrites C, whatever it holds, and {@code alpha == 0} reads
 * neither A nor B. C overlaps neither of them.
 */
final class Gemm {
    /** Large products of this many multiplications are shared out (some 20 microseconds). */
    private static final double SHARED = 1 << 19;

    /** What a thread must get at least of them. */
    private static final double SHARE = 1 << 18;

    /** Smaller matrices than this are multiplied by a row as the transpose by a column. */
    private static final long SMALL_MATRIX = 1 << 9;

    static final boolean HAS_BLAS = hasBlas();

    private static final PerThread<GemmTasks> TASKS = new PerThread<>(GemmTasks::new);

    private Gemm() {}

    /** Makes this class ready. */
    static void prepare() {
        GemmTasks _ = TASKS.get();
    }

    private static boolean hasBlas() {
        try {
            return OpenBlas.load(null);
        } catch (IncompatibleModelException e) {
            // Loading a model that needs products has failed with it.
            return false;
        }
    }

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
        long rowA = leading(lda, transA ? k : m, transA ? m : k);
        long rowB = leading(ldb, transB ? n : k, transB ? k : n);
        long rowC = leading(ldc, m, n);
        if (m == 0 || n == 0) {
            return;
        }
        if (!HAS_BLAS || k == 0 || alpha == 0 || !fits(m, n, k) || !fits(rowA, rowB, rowC)) {
            JavaGemm.f32(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            return;
        }
        long shares = shares(m, n, k);
        if (shares > 1 || Flipped.isFaster(transB, m, n, k, rowB)) {
            TASKS.get()
                    .f32(transA, transB, m, n, k, alpha, a, rowA, b, rowB, beta, c, rowC, shares);
            return;
        }
        if (VectorProducts.isFaster(m, n, k)) {
            VectorProducts.run(
                    transA,
                    transB,
                    (int) m,
                    (int) n,
                    (int) k,
                    alpha,
                    a,
                    (int) rowA,
                    b,
                    (int) rowB,
                    beta,
                    c,
                    (int) rowC);
            return;
        }
        if (n == 1 && transB && rowB == k) {
            // A column, which OpenBLAS multiplies faster if it is said to be one: 78 for 119 ns.
            OpenBlas.gemm(
                    transA,
                    false,
                    (int) m,
                    1,
                    (int) k,
                    alpha,
                    a,
                    (int) rowA,
                    b,
                    1,
                    beta,
                    c,
                    (int) rowC);
            return;
        }
        if (m == 1 && transB && !transA && n * k <= SMALL_MATRIX) {
            // A row; the same for its transpose: 87 for 137 ns.
            OpenBlas.gemm(
                    false, false, (int) n, 1, (int) k, alpha, b, (int) rowB, a, 1, beta, c, 1);
            return;
        }
        OpenBlas.gemm(
                transA,
                transB,
                (int) m,
                (int) n,
                (int) k,
                alpha,
                a,
                (int) rowA,
                b,
                (int) rowB,
                beta,
                c,
                (int) rowC);
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
        long rowA = leading(lda, transA ? k : m, transA ? m : k);
        long rowB = leading(ldb, transB ? n : k, transB ? k : n);
        long rowC = leading(ldc, m, n);
        if (m == 0 || n == 0) {
            return;
        }
        if (!HAS_BLAS || k == 0 || alpha == 0 || !fits(m, n, k) || !fits(rowA, rowB, rowC)) {
            JavaGemm.f64(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            return;
        }
        long shares = shares(m, n, k);
        if (shares > 1) {
            TASKS.get()
                    .f64(transA, transB, m, n, k, alpha, a, rowA, b, rowB, beta, c, rowC, shares);
            return;
        }
        if (VectorProducts.isFaster(m, n, k)) {
            VectorProducts.run(
                    transA,
                    transB,
                    (int) m,
                    (int) n,
                    (int) k,
                    alpha,
                    a,
                    (int) rowA,
                    b,
                    (int) rowB,
                    beta,
                    c,
                    (int) rowC);
            return;
        }
        if (n == 1 && transB && rowB == k) {
            // A column, which OpenBLAS multiplies faster if it is said to be one: 78 for 119 ns.
            OpenBlas.gemm(
                    transA,
                    false,
                    (int) m,
                    1,
                    (int) k,
                    alpha,
                    a,
                    (int) rowA,
                    b,
                    1,
                    beta,
                    c,
                    (int) rowC);
            return;
        }
        if (m == 1 && transB && !transA && n * k <= SMALL_MATRIX) {
            // A row; the same for its transpose: 87 for 137 ns.
            OpenBlas.gemm(
                    false, false, (int) n, 1, (int) k, alpha, b, (int) rowB, a, 1, beta, c, 1);
            return;
        }
        OpenBlas.gemm(
                transA,
                transB,
                (int) m,
                (int) n,
                (int) k,
                alpha,
                a,
                (int) rowA,
                b,
                (int) rowB,
                beta,
                c,
                (int) rowC);
    }

    /**
     * Returns a leading dimension as BLAS wants it, which is at least the number of columns: that
     * of a single row is never used. Rows that overlap give one that {@link #fits} refuses.
     */
    private static long leading(long distance, long rows, long columns) {
        if (rows <= 1) {
            return Math.max(1, columns);
        }
        return distance >= Math.max(1, columns) ? distance : Long.MAX_VALUE;
    }

    private static boolean fits(long a, long b, long c) {
        return a <= Integer.MAX_VALUE && b <= Integer.MAX_VALUE && c <= Integer.MAX_VALUE;
    }

    /** Returns into how many parts to split a product. */
    private static long shares(long m, long n, long k) {
        double size = (double) m * n * k;
        if (size < SHARED || !OpenBlas.isSingleThreaded()) {
            return 1;
        }
        return Math.min(Parallel.threads(), (long) (size / SHARE));
    }
}
