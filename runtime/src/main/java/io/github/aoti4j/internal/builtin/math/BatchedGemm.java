package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Products of two tensors of two or three dimensions whose sizes fit: the matrices of a batch are
 * shared out among threads if that is worth it. Kept and used again by a thread.
 */
final class BatchedGemm implements Parallel.Body {
    /** Batches of this many multiplications are shared out. */
    private static final double SHARED = 1 << 19;

    private static final PerThread<BatchedGemm> TASKS = new PerThread<>(BatchedGemm::new);

    private long out;
    private long self;
    private long a;
    private long b;
    private double beta;
    private double alpha;

    private BatchedGemm() {}

    /** Makes this class ready. */
    static void prepare() {
        BatchedGemm _ = TASKS.get();
    }

    /**
     * Computes {@code out = beta summand + alpha a b}. None of the operands overlaps the result.
     *
     * @param summand is expanded to the sizes of the result; 0 if the result itself is meant
     */
    static void run(long out, long summand, long a, long b, double beta, double alpha) {
        int rank = Tensors.rank(out);
        long batch = rank == 3 ? Tensors.size(out, 0) : 1;
        double size = (double) Tensors.count(out) * Tensors.size(a, rank - 1);
        if (batch == 1 || size < SHARED) {
            for (long i = 0; i < batch; i++) {
                one(out, summand, a, b, beta, alpha, i);
            }
            return;
        }
        BatchedGemm tasks = TASKS.get();
        tasks.out = out;
        tasks.self = summand;
        tasks.a = a;
        tasks.b = b;
        tasks.beta = beta;
        tasks.alpha = alpha;
        Parallel.run(batch, tasks);
    }

    @Override
    public void run(long task) {
        one(out, self, a, b, beta, alpha, task);
    }

    private static void one(
            long out, long summand, long a, long b, double beta, double alpha, long i) {
        int rank = Tensors.rank(out);
        int dtype = Tensors.dtype(out);
        long c = matrix(out, i);
        if (summand != 0) {
            addTo(out, c, summand, i);
        }
        StridedGemm.run(
                dtype,
                Tensors.size(out, rank - 2),
                Tensors.size(out, rank - 1),
                Tensors.size(a, rank - 1),
                alpha,
                matrix(a, i),
                Tensors.stride(a, rank - 2),
                Tensors.stride(a, rank - 1),
                matrix(b, i),
                Tensors.stride(b, rank - 2),
                Tensors.stride(b, rank - 1),
                beta,
                c,
                Tensors.stride(out, rank - 2),
                Tensors.stride(out, rank - 1));
    }

    /** Returns the address of a matrix of a batch. */
    private static long matrix(long tensor, long i) {
        return Tensors.rank(tensor) < 3
                ? Tensors.data(tensor)
                : Tensors.data(tensor)
                        + i
                                * Tensors.stride(tensor, 0)
                                * Tensors.elementBytes(Tensors.dtype(tensor));
    }

    private static void addTo(long out, long c, long summand, long i) {
        int rank = Tensors.rank(out);
        int bytes = Tensors.elementBytes(Tensors.dtype(out));
        long batchStride = rank == 3 ? expanded(summand, 0, rank) : 0;
        Strided.copy(
                bytes,
                Tensors.size(out, rank - 2),
                Tensors.size(out, rank - 1),
                Tensors.data(summand) + i * batchStride * bytes,
                expanded(summand, rank - 2, rank),
                expanded(summand, rank - 1, rank),
                c,
                Tensors.stride(out, rank - 2),
                Tensors.stride(out, rank - 1));
    }

    /** Returns the stride of a dimension of a tensor that is expanded to a rank. */
    static long expanded(long tensor, int dimension, int rank) {
        int own = dimension - (rank - Tensors.rank(tensor));
        return own < 0 || Tensors.size(tensor, own) == 1 ? 0 : Tensors.stride(tensor, own);
    }

    /** Copies a tensor to one of the same sizes. */
    static void copy(long from, long to) {
        long batch = Tensors.rank(to) == 3 ? Tensors.size(to, 0) : 1;
        for (long i = 0; i < batch; i++) {
            addTo(to, matrix(to, i), from, i);
        }
    }
}
