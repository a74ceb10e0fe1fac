package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Products of matrices of any element type and any strides: {@code C = alpha A B + beta C}, A being
 * m x k, B k x n and C m x n. Strides are counted in elements. C overlaps neither A nor B.
 */
final class StridedGemm {
    static final int FLOAT32 = DType.FLOAT32.code();
    static final int FLOAT64 = DType.FLOAT64.code();
    private static final int FLOAT16 = DType.FLOAT16.code();
    private static final int BFLOAT16 = DType.BFLOAT16.code();

    private StridedGemm() {}

    static boolean has(int dtype) {
        return dtype == FLOAT32 || dtype == FLOAT64 || isNarrow(dtype) || IntegerGemm.has(dtype);
    }

    private static boolean isNarrow(int dtype) {
        return dtype == BFLOAT16 || dtype == FLOAT16;
    }

    static void run(
            int dtype,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long rowA,
            long columnA,
            long b,
            long rowB,
            long columnB,
            double beta,
            long c,
            long rowC,
            long columnC) {
        if (dtype == FLOAT32 || dtype == FLOAT64) {
            floats(
                    dtype == FLOAT64,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    rowA,
                    columnA,
                    b,
                    rowB,
                    columnB,
                    beta,
                    c,
                    rowC,
                    columnC);
        } else if (isNarrow(dtype)) {
            narrow(
                    dtype == BFLOAT16,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    rowA,
                    columnA,
                    b,
                    rowB,
                    columnB,
                    beta,
                    c,
                    rowC,
                    columnC);
        } else {
            IntegerGemm.run(
                    dtype,
                    m,
                    n,
                    k,
                    (long) alpha,
                    a,
                    rowA,
                    columnA,
                    b,
                    rowB,
                    columnB,
                    (long) beta,
                    c,
                    rowC,
                    columnC);
        }
    }

    /** Returns whether the elements of a row follow one another, and rows do not overlap. */
    private static boolean isRowMajor(long rows, long columns, long row, long column) {
        return (columns <= 1 || column == 1) && (rows <= 1 || row >= Math.max(1, columns));
    }

    private static void floats(
            boolean isDouble,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long rowA,
            long columnA,
            long b,
            long rowB,
            long columnB,
            double beta,
            long c,
            long rowC,
            long columnC) {
        if (isRowMajor(m, n, rowC, columnC)) {
            operands(isDouble, m, n, k, alpha, a, rowA, columnA, b, rowB, columnB, beta, c, rowC);
        } else if (isRowMajor(n, m, columnC, rowC)) {
            // The transpose of the product is that of the transposes.
            operands(
                    isDouble, n, m, k, alpha, b, columnB, rowB, a, columnA, rowA, beta, c, columnC);
        } else {
            int bytes = isDouble ? Double.BYTES : Float.BYTES;
            long scratch = Memory.take(Math.multiplyExact(Math.multiplyExact(m, n), bytes));
            try {
                if (beta != 0) {
                    Strided.copy(bytes, m, n, c, rowC, columnC, scratch, n, 1);
                }
                operands(
                        isDouble, m, n, k, alpha, a, rowA, columnA, b, rowB, columnB, beta, scratch,
                        n);
                Strided.copy(bytes, m, n, scratch, n, 1, c, rowC, columnC);
            } finally {
                Memory.give(scratch);
            }
        }
    }

    private static void operands(
            boolean isDouble,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long rowA,
            long columnA,
            long b,
            long rowB,
            long columnB,
            double beta,
            long c,
            long rowC) {
        boolean plainA = isRowMajor(m, k, rowA, columnA);
        boolean plainB = isRowMajor(k, n, rowB, columnB);
        boolean usableA = plainA || isRowMajor(k, m, columnA, rowA);
        boolean usableB = plainB || isRowMajor(n, k, columnB, rowB);
        int bytes = isDouble ? Double.BYTES : Float.BYTES;
        long scratchA = 0;
        long scratchB = 0;
        try {
            if (!usableA) {
                scratchA = Memory.take(Math.multiplyExact(Math.multiplyExact(m, k), bytes));
                Strided.copy(bytes, m, k, a, rowA, columnA, scratchA, k, 1);
            }
            if (!usableB) {
                scratchB = Memory.take(Math.multiplyExact(Math.multiplyExact(k, n), bytes));
                Strided.copy(bytes, k, n, b, rowB, columnB, scratchB, n, 1);
            }
            boolean transA = usableA && !plainA;
            boolean transB = usableB && !plainB;
            long atA = usableA ? a : scratchA;
            long atB = usableB ? b : scratchB;
            long ldA = !usableA ? k : transA ? columnA : rowA;
            long ldB = !usableB ? n : transB ? columnB : rowB;
            if (isDouble) {
                Gemm.f64(transA, transB, m, n, k, alpha, atA, ldA, atB, ldB, beta, c, rowC);
            } else {
                Gemm.f32(
                        transA,
                        transB,
                        m,
                        n,
                        k,
                        (float) alpha,
                        atA,
                        ldA,
                        atB,
                        ldB,
                        (float) beta,
                        c,
                        rowC);
            }
        } finally {
            give(scratchA);
            give(scratchB);
        }
    }

    /** Products of 16-bit floats are added up in 32 bits, as libtorch does it. */
    private static void narrow(
            boolean isBfloat16,
            long m,
            long n,
            long k,
            double alpha,
            long a,
            long rowA,
            long columnA,
            long b,
            long rowB,
            long columnB,
            double beta,
            long c,
            long rowC,
            long columnC) {
        long bytesA = Math.multiplyExact(Math.multiplyExact(m, k), Float.BYTES);
        long bytesB = Math.multiplyExact(Math.multiplyExact(k, n), Float.BYTES);
        long bytesC = Math.multiplyExact(Math.multiplyExact(m, n), Float.BYTES);
        long scratch = Memory.take(Math.addExact(Math.addExact(bytesA, bytesB), bytesC));
        try {
            long wideB = scratch + bytesA;
            long wideC = wideB + bytesB;
            // In the order in which they lie.
            boolean transA = columnA > rowA;
            if (transA) {
                Strided.widen(isBfloat16, k, m, a, columnA, rowA, scratch);
            } else {
                Strided.widen(isBfloat16, m, k, a, rowA, columnA, scratch);
            }
            boolean transB = columnB > rowB;
            if (transB) {
                Strided.widen(isBfloat16, n, k, b, columnB, rowB, wideB);
            } else {
                Strided.widen(isBfloat16, k, n, b, rowB, columnB, wideB);
            }
            if (beta != 0) {
                Strided.widen(isBfloat16, m, n, c, rowC, columnC, wideC);
            }
            Gemm.f32(
                    transA,
                    transB,
                    m,
                    n,
                    k,
                    (float) alpha,
                    scratch,
                    transA ? m : k,
                    wideB,
                    transB ? k : n,
                    (float) beta,
                    wideC,
                    n);
            Strided.narrow(isBfloat16, m, n, wideC, c, rowC, columnC);
        } finally {
            Memory.give(scratch);
        }
    }

    private static void give(long scratch) {
        if (scratch != 0) {
            Memory.give(scratch);
        }
    }

    /** Returns whether two tensors may have a byte in common. */
    static boolean mayOverlap(long first, long second) {
        return Tensors.data(first) < end(second) && Tensors.data(second) < end(first);
    }

    private static long end(long tensor) {
        long last = 0;
        for (int d = 0; d < Tensors.rank(tensor); d++) {
            if (Tensors.size(tensor, d) == 0) {
                return Tensors.data(tensor);
            }
            last += (Tensors.size(tensor, d) - 1) * Tensors.stride(tensor, d);
        }
        return Tensors.data(tensor) + (last + 1) * Tensors.elementBytes(Tensors.dtype(tensor));
    }
}
