package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.github.aoti4j.bindings.blas.OpenBlas;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;

/** What {@link GemmTest} does in a process of its own: products, compared with plain sums. */
final class GemmScenarios {
    private static final long GAP = 3;

    private GemmScenarios() {}

    /**
     * Computes products.
     *
     * @param args whether OpenBLAS is to be there, and how many threads
     */
    public static void main(String[] args) {
        Products.prepare(List.of(), null);
        require(OpenBlas.isThere() == Boolean.parseBoolean(args[0]), OpenBlas.description());
        require(Parallel.threads() == Integer.parseInt(args[1]), "threads");
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            product(random, size(random, 20), size(random, 20), size(random, 20));
        }
        // Large enough to be shared out, by columns and by rows, evenly and not.
        for (long[] s :
                new long[][] {
                    {128, 512, 64}, {512, 128, 64}, {100, 333, 70}, {1000, 17, 130}, {1, 3000, 800}
                }) {
            for (int i = 0; i < 2; i++) {
                product(random, s[0], s[1], s[2]);
            }
        }
        // Of one row or column, by a matrix as it lies; some shared out.
        for (long[] s : new long[][] {{1, 400, 400}, {500, 1, 300}, {1, 900, 600}}) {
            require(VectorProducts.isFaster(s[0], s[1], s[2]), "by a vector");
            for (int i = 0; i < 4; i++) {
                product(random, s[0], s[1], s[2], i % 2 == 0, i < 2, GAP);
            }
        }
        // Of few rows, computed as transposes: some in two blocks, some shared out.
        for (long[] s :
                new long[][] {
                    {2, 700, 100}, {2, 300_000, 3}, {17, 513, 130}, {32, 70, 1000}, {37, 75, 1024}
                }) {
            require(Flipped.isFaster(true, s[0], s[1], s[2], s[2]), "flipped");
            for (int i = 0; i < 6; i++) {
                product(random, s[0], s[1], s[2], i % 2 == 0, true, 1);
            }
        }
    }

    private static long size(Random random, int most) {
        return random.nextInt(5) == 0 ? random.nextInt(2) : random.nextInt(most);
    }

    private static void product(Random random, long m, long n, long k) {
        product(random, m, n, k, random.nextBoolean(), random.nextBoolean(), GAP);
    }

    private static void product(
            Random random, long m, long n, long k, boolean transA, boolean transB, long gapOfB) {
        float alpha = random.nextInt(4) - 1;
        float beta = random.nextInt(3) - 1;
        long lda = (transA ? m : k) + random.nextLong(GAP);
        long ldb = (transB ? k : n) + random.nextLong(gapOfB);
        long ldc = n + random.nextLong(GAP);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = matrix(arena, random, (transA ? k : m) * lda, false);
            MemorySegment b = matrix(arena, random, (transB ? n : k) * ldb, false);
            MemorySegment c = matrix(arena, random, m * ldc, beta == 0);
            double[] expected = c.toArray(JAVA_DOUBLE);
            for (long i = 0; i < m; i++) {
                for (long j = 0; j < n; j++) {
                    double sum = 0;
                    for (long p = 0; p < k; p++) {
                        sum +=
                                a.getAtIndex(JAVA_DOUBLE, transA ? p * lda + i : i * lda + p)
                                        * b.getAtIndex(
                                                JAVA_DOUBLE, transB ? j * ldb + p : p * ldb + j);
                    }
                    int at = (int) (i * ldc + j);
                    expected[at] = alpha * sum + (beta == 0 ? 0 : beta * expected[at]);
                }
            }
            MemorySegment a32 = narrowed(arena, a);
            MemorySegment b32 = narrowed(arena, b);
            MemorySegment c32 = narrowed(arena, c);
            Gemm.f64(
                    transA,
                    transB,
                    m,
                    n,
                    k,
                    alpha,
                    a.address(),
                    lda,
                    b.address(),
                    ldb,
                    beta,
                    c.address(),
                    ldc);
            Gemm.f32(
                    transA,
                    transB,
                    m,
                    n,
                    k,
                    alpha,
                    a32.address(),
                    lda,
                    b32.address(),
                    ldb,
                    beta,
                    c32.address(),
                    ldc);
            String what =
                    "%d x %d x %d %b %b %f %f ld %d %d %d"
                            .formatted(m, n, k, transA, transB, alpha, beta, lda, ldb, ldc);
            for (int i = 0; i < expected.length; i++) {
                // Sums of whole numbers are exact; what lies between the rows is left alone.
                requireEqual(expected[i], c.getAtIndex(JAVA_DOUBLE, i), what);
                requireEqual(expected[i], c32.getAtIndex(JAVA_FLOAT, i), what);
            }
        }
    }

    private static MemorySegment matrix(Arena arena, Random random, long count, boolean nan) {
        MemorySegment matrix = arena.allocate(JAVA_DOUBLE, count);
        for (long i = 0; i < count; i++) {
            matrix.setAtIndex(JAVA_DOUBLE, i, nan ? Double.NaN : random.nextInt(9) - 4);
        }
        return matrix;
    }

    private static MemorySegment narrowed(Arena arena, MemorySegment matrix) {
        long count = matrix.byteSize() / Double.BYTES;
        MemorySegment narrowed = arena.allocate(JAVA_FLOAT, count);
        for (long i = 0; i < count; i++) {
            narrowed.setAtIndex(JAVA_FLOAT, i, (float) matrix.getAtIndex(JAVA_DOUBLE, i));
        }
        return narrowed;
    }

    private static void requireEqual(double expected, double actual, String what) {
        boolean both = Double.isNaN(expected) && Double.isNaN(actual);
        require(both || expected == actual, what + ": " + actual + " instead of " + expected);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
