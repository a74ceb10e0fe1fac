package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** The products of {@link Gemm} in Java, for where there is no BLAS. */
final class JavaGemm {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private JavaGemm() {}

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
        long rowA = (transA ? 1 : lda) * Float.BYTES;
        long columnA = (transA ? lda : 1) * Float.BYTES;
        long rowB = (transB ? 1 : ldb) * Float.BYTES;
        long columnB = (transB ? ldb : 1) * Float.BYTES;
        for (long i = 0; i < m; i++) {
            long row = c + i * ldc * Float.BYTES;
            for (long j = 0; j < n; j++) {
                long at = row + j * Float.BYTES;
                float old = beta == 0 ? 0 : beta * MEMORY.get(JAVA_FLOAT_UNALIGNED, at);
                MEMORY.set(JAVA_FLOAT_UNALIGNED, at, old);
            }
            for (long p = 0; p < k && alpha != 0; p++) {
                float factor = alpha * MEMORY.get(JAVA_FLOAT_UNALIGNED, a + i * rowA + p * columnA);
                long from = b + p * rowB;
                for (long j = 0; j < n; j++) {
                    long at = row + j * Float.BYTES;
                    float product = factor * MEMORY.get(JAVA_FLOAT_UNALIGNED, from + j * columnB);
                    MEMORY.set(
                            JAVA_FLOAT_UNALIGNED,
                            at,
                            MEMORY.get(JAVA_FLOAT_UNALIGNED, at) + product);
                }
            }
        }
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
        long rowA = (transA ? 1 : lda) * Double.BYTES;
        long columnA = (transA ? lda : 1) * Double.BYTES;
        long rowB = (transB ? 1 : ldb) * Double.BYTES;
        long columnB = (transB ? ldb : 1) * Double.BYTES;
        for (long i = 0; i < m; i++) {
            long row = c + i * ldc * Double.BYTES;
            for (long j = 0; j < n; j++) {
                long at = row + j * Double.BYTES;
                double old = beta == 0 ? 0 : beta * MEMORY.get(JAVA_DOUBLE_UNALIGNED, at);
                MEMORY.set(JAVA_DOUBLE_UNALIGNED, at, old);
            }
            for (long p = 0; p < k && alpha != 0; p++) {
                double factor =
                        alpha * MEMORY.get(JAVA_DOUBLE_UNALIGNED, a + i * rowA + p * columnA);
                long from = b + p * rowB;
                for (long j = 0; j < n; j++) {
                    long at = row + j * Double.BYTES;
                    double product = factor * MEMORY.get(JAVA_DOUBLE_UNALIGNED, from + j * columnB);
                    MEMORY.set(
                            JAVA_DOUBLE_UNALIGNED,
                            at,
                            MEMORY.get(JAVA_DOUBLE_UNALIGNED, at) + product);
                }
            }
        }
    }
}
