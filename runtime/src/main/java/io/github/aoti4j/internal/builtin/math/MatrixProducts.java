package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/** Products of matrices, and of matrices and vectors, of any strides. */
public final class MatrixProducts {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private MatrixProducts() {}

    /** {@code aoti_torch_cpu_mm_out}: {@code out = self mat2}. */
    public static void mm(long out, long self, long mat2) {
        if (SmallProducts.run(out, 0, self, mat2)) {
            return;
        }
        requireSame(out, self, mat2, 2);
        run(out, 0, self, mat2, 0, 1);
    }

    /** {@code aoti_torch_cpu_bmm_out}: the same for each of a batch. */
    public static void bmm(long out, long self, long mat2) {
        requireSame(out, self, mat2, 3);
        run(out, 0, self, mat2, 0, 1);
    }

    /** {@code aoti_torch_cpu_addmm_out}: {@code out = beta self + alpha mat1 mat2}. */
    public static void addmm(long out, long self, long mat1, long mat2, double beta, double alpha) {
        if (beta == 1 && alpha == 1 && SmallProducts.run(out, self, mat1, mat2)) {
            return;
        }
        requireSame(out, mat1, mat2, 2);
        requireSummand(self, out);
        requireFactors(out, beta, alpha);
        run(out, self, mat1, mat2, beta, alpha);
    }

    /** {@code aoti_torch_cpu_baddbmm_out}: the same for each of a batch. */
    public static void baddbmm(
            long out, long self, long batch1, long batch2, double beta, double alpha) {
        requireSame(out, batch1, batch2, 3);
        requireSummand(self, out);
        requireFactors(out, beta, alpha);
        run(out, self, batch1, batch2, beta, alpha);
    }

    /** {@code aoti_torch_cpu__addmm_activation}. */
    public static void addmmActivation(
            long self, long mat1, long mat2, double beta, double alpha, int useGelu, long ret0) {
        requireMatrices(mat1, mat2, 2);
        long out = Tensors.begin(Tensors.dtype(mat1), 2);
        Tensors.setDimension(out, 0, Tensors.size(mat1, 0), Math.max(1, Tensors.size(mat2, 1)));
        Tensors.setDimension(out, 1, Tensors.size(mat2, 1), 1);
        Tensors.allocate(out);
        try {
            addmm(out, self, mat1, mat2, beta, alpha);
            Activation.run(out, useGelu != 0);
        } catch (Throwable e) {
            Tensors.delete(out);
            throw e;
        }
        MEMORY.set(JAVA_LONG, ret0, out);
    }

    /** {@code aoti_torch_cpu_addmv}: {@code beta self + alpha mat vec}. */
    public static void addmv(long self, long mat, long vec, double beta, double alpha, long ret0) {
        Tensors.require(mat, "mat");
        Tensors.require(vec, "vec");
        if (Tensors.rank(mat) != 2
                || Tensors.rank(vec) != 1
                || Tensors.size(mat, 1) != Tensors.size(vec, 0)
                || Tensors.dtype(mat) != Tensors.dtype(vec)) {
            throw unfit(mat, vec);
        }
        requireType(mat);
        long out = Tensors.begin(Tensors.dtype(mat), 1);
        Tensors.setDimension(out, 0, Tensors.size(mat, 0), 1);
        Tensors.allocate(out);
        try {
            requireSummand(self, out);
            requireFactors(out, beta, alpha);
            addmv(out, self, mat, vec, beta, alpha);
        } catch (Throwable e) {
            Tensors.delete(out);
            throw e;
        }
        MEMORY.set(JAVA_LONG, ret0, out);
    }

    private static void addmv(long out, long self, long mat, long vec, double beta, double alpha) {
        long rows = Tensors.size(out, 0);
        if (rows == 0) {
            return;
        }
        int dtype = Tensors.dtype(out);
        if (beta != 0) {
            Strided.copy(
                    Tensors.elementBytes(dtype),
                    rows,
                    1,
                    Tensors.data(self),
                    BatchedGemm.expanded(self, 0, 1),
                    1,
                    Tensors.data(out),
                    1,
                    1);
        }
        StridedGemm.run(
                dtype,
                rows,
                1,
                Tensors.size(mat, 1),
                alpha,
                Tensors.data(mat),
                Tensors.stride(mat, 0),
                Tensors.stride(mat, 1),
                Tensors.data(vec),
                Tensors.stride(vec, 0),
                1,
                beta,
                Tensors.data(out),
                1,
                1);
    }

    private static void requireMatrices(long a, long b, int rank) {
        Tensors.require(a, "the first matrix");
        Tensors.require(b, "the second matrix");
        if (Tensors.rank(a) != rank
                || Tensors.rank(b) != rank
                || Tensors.size(a, rank - 1) != Tensors.size(b, rank - 2)
                || (rank == 3 && Tensors.size(a, 0) != Tensors.size(b, 0))
                || Tensors.dtype(a) != Tensors.dtype(b)) {
            throw unfit(a, b);
        }
        requireType(a);
    }

    private static BuiltInFailure unfit(long a, long b) {
        return new BuiltInFailure(
                "%s and %s cannot be multiplied"
                        .formatted(Tensors.describe(a), Tensors.describe(b)));
    }

    private static void requireType(long tensor) {
        if (!StridedGemm.has(Tensors.dtype(tensor))) {
            throw new BuiltInFailure(
                    "matrices of this type are not multiplied: " + Tensors.describe(tensor));
        }
    }

    private static void requireSame(long out, long a, long b, int rank) {
        Tensors.require(out, "out");
        requireMatrices(a, b, rank);
        if (Tensors.rank(out) != rank
                || Tensors.size(out, rank - 2) != Tensors.size(a, rank - 2)
                || Tensors.size(out, rank - 1) != Tensors.size(b, rank - 1)
                || (rank == 3 && Tensors.size(out, 0) != Tensors.size(a, 0))
                || Tensors.dtype(out) != Tensors.dtype(a)) {
            throw new BuiltInFailure(
                    "the product of %s and %s does not fit %s"
                            .formatted(
                                    Tensors.describe(a),
                                    Tensors.describe(b),
                                    Tensors.describe(out)));
        }
    }

    /** Fails unless a tensor has the type of the result and can be expanded to its sizes. */
    private static void requireSummand(long self, long out) {
        Tensors.require(self, "self");
        int missing = Tensors.rank(out) - Tensors.rank(self);
        boolean fits = missing >= 0 && Tensors.dtype(self) == Tensors.dtype(out);
        for (int d = 0; fits && d < Tensors.rank(self); d++) {
            long size = Tensors.size(self, d);
            fits = size == 1 || size == Tensors.size(out, d + missing);
        }
        if (!fits) {
            throw new BuiltInFailure(
                    "self %s cannot be added to a product %s"
                            .formatted(Tensors.describe(self), Tensors.describe(out)));
        }
    }

    private static void requireFactors(long out, double beta, double alpha) {
        int dtype = Tensors.dtype(out);
        if (Tensors.count(out) != 0
                && IntegerGemm.has(dtype)
                && !(IntegerGemm.holds(dtype, beta) && IntegerGemm.holds(dtype, alpha))) {
            throw new BuiltInFailure(
                    "the factors %s and %s are not numbers of the type of %s"
                            .formatted(beta, alpha, Tensors.describe(out)));
        }
    }

    /** Computes what has been checked, for matrices or batches of them. */
    private static void run(long out, long self, long a, long b, double beta, double alpha) {
        if (Tensors.count(out) == 0) {
            return;
        }
        boolean add = beta != 0;
        boolean inPlace = add && isSamePlace(out, self);
        boolean apart =
                !StridedGemm.mayOverlap(out, a)
                        && !StridedGemm.mayOverlap(out, b)
                        && (!add || inPlace || !StridedGemm.mayOverlap(out, self));
        if (apart) {
            BatchedGemm.run(out, add && !inPlace ? self : 0, a, b, beta, alpha);
            return;
        }
        long copy = contiguousLike(out);
        try {
            BatchedGemm.run(copy, add ? self : 0, a, b, beta, alpha);
            BatchedGemm.copy(copy, out);
        } finally {
            Tensors.delete(copy);
        }
    }

    private static long contiguousLike(long out) {
        long copy = Tensors.begin(Tensors.dtype(out), Tensors.rank(out));
        for (int d = 0; d < Tensors.rank(out); d++) {
            Tensors.setDimension(copy, d, Tensors.size(out, d), 0);
        }
        Tensors.setContiguous(copy);
        Tensors.allocate(copy);
        return copy;
    }

    /** Returns whether each element of one lies where that of the other lies. */
    private static boolean isSamePlace(long out, long self) {
        int rank = Tensors.rank(out);
        if (Tensors.data(out) != Tensors.data(self) || rank != Tensors.rank(self)) {
            return false;
        }
        for (int d = 0; d < rank; d++) {
            if (Tensors.size(out, d) != Tensors.size(self, d)
                    || (Tensors.size(out, d) > 1
                            && Tensors.stride(out, d) != Tensors.stride(self, d))) {
                return false;
            }
        }
        return true;
    }
}
