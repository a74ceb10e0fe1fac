package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.internal.builtin.tensor.Memory;

/**
 * A product in parts, each of which is a block of columns or rows of C. Kept and used again by a
 * thread.
 */
final class GemmTasks implements Parallel.Body {
    /** Blocks begin at multiples of this, as OpenBLAS's kernels want it. */
    private static final long STEP = 16;

    private boolean isDouble;
    private boolean transA;
    private boolean transB;
    private long m;
    private long n;
    private long k;
    private double alpha;
    private long a;
    private long lda;
    private long b;
    private long ldb;
    private double beta;
    private long c;
    private long ldc;
    private boolean byColumns;
    private long block;

    /** Memory for {@link Flipped}: address, or 0, and bytes of a part. */
    private long scratch;

    private long scratchBytes;

    void f32(
            boolean transposedA,
            boolean transposedB,
            long rows,
            long columns,
            long inner,
            float factor,
            long atA,
            long rowA,
            long atB,
            long rowB,
            float old,
            long atC,
            long rowC,
            long shares) {
        isDouble = false;
        set(transposedA, transposedB, rows, columns, inner, factor, old);
        run(atA, rowA, atB, rowB, atC, rowC, shares);
    }

    void f64(
            boolean transposedA,
            boolean transposedB,
            long rows,
            long columns,
            long inner,
            double factor,
            long atA,
            long rowA,
            long atB,
            long rowB,
            double old,
            long atC,
            long rowC,
            long shares) {
        isDouble = true;
        set(transposedA, transposedB, rows, columns, inner, factor, old);
        run(atA, rowA, atB, rowB, atC, rowC, shares);
    }

    private void set(
            boolean transposedA,
            boolean transposedB,
            long rows,
            long columns,
            long inner,
            double factor,
            double old) {
        transA = transposedA;
        transB = transposedB;
        m = rows;
        n = columns;
        k = inner;
        alpha = factor;
        beta = old;
    }

    private void run(long atA, long rowA, long atB, long rowB, long atC, long rowC, long shares) {
        a = atA;
        lda = rowA;
        b = atB;
        ldb = rowB;
        c = atC;
        ldc = rowC;
        // The operand that is not split is read by all threads: let it be the smaller one.
        byColumns = n >= m;
        long length = byColumns ? n : m;
        long steps = Math.ceilDiv(length, STEP);
        block = Math.ceilDiv(steps, shares) * STEP;
        long parts = Math.ceilDiv(length, block);
        scratch = 0;
        if (isDouble || !Flipped.isFaster(transB, m, n, k, ldb)) {
            Parallel.run(parts, this);
            return;
        }
        scratchBytes = Flipped.scratchBytes(m, Math.min(block, n));
        scratch = Memory.take(Math.multiplyExact(parts, scratchBytes));
        try {
            Parallel.run(parts, this);
        } finally {
            Memory.give(scratch);
        }
    }

    @Override
    public void run(long task) {
        long from = task * block;
        long count = Math.min(block, (byColumns ? n : m) - from);
        long bytes = isDouble ? Double.BYTES : Float.BYTES;
        long toA = byColumns ? 0 : from * (transA ? 1 : lda);
        long toB = byColumns ? from * (transB ? ldb : 1) : 0;
        long toC = from * (byColumns ? 1 : ldc);
        int blockM = (int) (byColumns ? m : count);
        int blockN = (int) (byColumns ? count : n);
        long blockA = a + toA * bytes;
        long blockB = b + toB * bytes;
        long blockC = c + toC * bytes;
        if (scratch != 0) {
            Flipped.run(
                    transA,
                    m,
                    count,
                    k,
                    (float) alpha,
                    a,
                    lda,
                    blockB,
                    ldb,
                    (float) beta,
                    blockC,
                    ldc,
                    scratch + task * scratchBytes);
        } else if (VectorProducts.isFaster(blockM, blockN, k)) {
            byVector(blockM, blockN, blockA, blockB, blockC);
        } else if (isDouble) {
            OpenBlas.gemm(
                    transA, transB, blockM, blockN, (int) k, alpha, blockA, (int) lda, blockB,
                    (int) ldb, beta, blockC, (int) ldc);
        } else {
            OpenBlas.gemm(
                    transA,
                    transB,
                    blockM,
                    blockN,
                    (int) k,
                    (float) alpha,
                    blockA,
                    (int) lda,
                    blockB,
                    (int) ldb,
                    (float) beta,
                    blockC,
                    (int) ldc);
        }
    }

    private void byVector(int blockM, int blockN, long blockA, long blockB, long blockC) {
        int inner = (int) k;
        if (isDouble) {
            VectorProducts.run(
                    transA, transB, blockM, blockN, inner, alpha, blockA, (int) lda, blockB,
                    (int) ldb, beta, blockC, (int) ldc);
        } else {
            VectorProducts.run(
                    transA,
                    transB,
                    blockM,
                    blockN,
                    inner,
                    (float) alpha,
                    blockA,
                    (int) lda,
                    blockB,
                    (int) ldb,
                    (float) beta,
                    blockC,
                    (int) ldc);
        }
    }
}
