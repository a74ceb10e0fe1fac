package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/** Sums, means or maxima of rows of a table, in bags that offsets separate; float32 and float64. */
public final class EmbeddingBag {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final long SUM = 0;
    private static final long MEAN = 1;
    private static final long MAX = 2;

    private EmbeddingBag() {}

    /**
     * {@code aoti_torch_cpu__embedding_bag}.
     *
     * @param perSampleWeights the address of a handle, or 0
     * @param ret1 and those behind it get what only training uses: the bag of each index, the
     *     number of indices of each bag, and the indices of maxima
     */
    public static void run(
            long weight,
            long indices,
            long offsets,
            int scaleGradByFreq,
            long mode,
            int sparse,
            long perSampleWeights,
            int includeLastOffset,
            long paddingIdx,
            long ret0,
            long ret1,
            long ret2,
            long ret3) {
        requireFloats(weight, 2, "weight");
        requireIndices(indices, "indices");
        requireIndices(offsets, "offsets");
        long factors = perSampleWeights == 0 ? 0 : MEMORY.get(JAVA_LONG, perSampleWeights);
        if (factors != 0) {
            requireFloats(factors, 1, "per_sample_weights");
            if (mode != SUM
                    || Tensors.dtype(factors) != Tensors.dtype(weight)
                    || Tensors.count(factors) != Tensors.count(indices)) {
                throw new BuiltInFailure(
                        "per_sample_weights are %s for %s"
                                .formatted(Tensors.describe(factors), Tensors.describe(indices)));
            }
        }
        if (mode != SUM && mode != MEAN && mode != MAX) {
            throw new BuiltInFailure("mode %d of an embedding bag".formatted(mode));
        }
        long bags = Tensors.size(offsets, 0) - (includeLastOffset != 0 ? 1 : 0);
        long count = Tensors.size(indices, 0);
        requireOffsets(offsets, Math.max(0, bags), count, includeLastOffset != 0);
        long width = Tensors.size(weight, 1);
        long result = 0;
        long bagOf = 0;
        long sizes = 0;
        long maxima = 0;
        try {
            result = matrix(Tensors.dtype(weight), Math.max(0, bags), width);
            // torch fills these in as far as its kernels need them (EmbeddingBag.cpp).
            bagOf = vector(mode == SUM ? 0 : count);
            sizes = vector(Math.max(0, bags));
            maxima =
                    mode == MAX
                            ? matrix(DType.INT64.code(), Math.max(0, bags), width)
                            : vector(Math.max(0, bags));
            for (long bag = 0; bag < bags; bag++) {
                long from = index(offsets, bag);
                long to = bag + 1 < Tensors.size(offsets, 0) ? index(offsets, bag + 1) : count;
                fill(weight, indices, factors, mode, paddingIdx, bag, from, to, result, maxima);
                note(indices, mode, paddingIdx, bag, from, to, bagOf, sizes, maxima);
            }
        } catch (Throwable e) {
            deleteIfMade(result);
            deleteIfMade(bagOf);
            deleteIfMade(sizes);
            deleteIfMade(maxima);
            throw e;
        }
        MEMORY.set(JAVA_LONG, ret0, result);
        MEMORY.set(JAVA_LONG, ret1, bagOf);
        MEMORY.set(JAVA_LONG, ret2, sizes);
        MEMORY.set(JAVA_LONG, ret3, maxima);
    }

    private static void deleteIfMade(long tensor) {
        if (tensor != 0) {
            Tensors.delete(tensor);
        }
    }

    private static void fill(
            long weight,
            long indices,
            long factors,
            long mode,
            long padding,
            long bag,
            long from,
            long to,
            long result,
            long maxima) {
        long rows = Tensors.size(weight, 0);
        long width = Tensors.size(weight, 1);
        for (long j = 0; j < width; j++) {
            double value = 0;
            long used = 0;
            long best = 0;
            for (long i = from; i < to; i++) {
                long row = index(indices, i);
                if (row < 0 || row >= rows) {
                    throw new BuiltInFailure(
                            "index %d of %s".formatted(row, Tensors.describe(weight)));
                }
                if (row == padding) {
                    continue;
                }
                double element =
                        element(
                                weight,
                                row * Tensors.stride(weight, 0) + j * Tensors.stride(weight, 1));
                if (mode != MAX) {
                    double factor =
                            factors == 0 ? 1 : element(factors, i * Tensors.stride(factors, 0));
                    value += factor * element;
                } else if (used == 0 || element > value) {
                    value = element;
                    best = row;
                }
                used++;
            }
            long at = bag * width + j;
            set(result, at, mode == MEAN && used > 0 ? value / used : value);
            if (mode == MAX) {
                MEMORY.set(JAVA_LONG, Tensors.data(maxima) + at * Long.BYTES, best);
            }
        }
    }

    private static void note(
            long indices,
            long mode,
            long padding,
            long bag,
            long from,
            long to,
            long bagOf,
            long sizes,
            long maxima) {
        long used = 0;
        for (long i = from; i < to && mode != SUM; i++) {
            MEMORY.set(JAVA_LONG, Tensors.data(bagOf) + i * Long.BYTES, bag);
            used += index(indices, i) == padding ? 0 : 1;
        }
        MEMORY.set(JAVA_LONG, Tensors.data(sizes) + bag * Long.BYTES, used);
        if (mode != MAX) {
            MEMORY.set(JAVA_LONG, Tensors.data(maxima) + bag * Long.BYTES, mode == SUM ? 0 : used);
        }
    }

    private static double element(long tensor, long at) {
        return Tensors.dtype(tensor) == DType.FLOAT32.code()
                ? MEMORY.get(JAVA_FLOAT_UNALIGNED, Tensors.data(tensor) + at * Float.BYTES)
                : MEMORY.get(JAVA_DOUBLE_UNALIGNED, Tensors.data(tensor) + at * Double.BYTES);
    }

    private static void set(long tensor, long at, double value) {
        if (Tensors.dtype(tensor) == DType.FLOAT32.code()) {
            MEMORY.set(
                    JAVA_FLOAT_UNALIGNED, Tensors.data(tensor) + at * Float.BYTES, (float) value);
        } else {
            MEMORY.set(JAVA_DOUBLE_UNALIGNED, Tensors.data(tensor) + at * Double.BYTES, value);
        }
    }

    private static long index(long tensor, long at) {
        long place = at * Tensors.stride(tensor, 0);
        return Tensors.dtype(tensor) == DType.INT64.code()
                ? MEMORY.get(JAVA_LONG_UNALIGNED, Tensors.data(tensor) + place * Long.BYTES)
                : MEMORY.get(JAVA_INT_UNALIGNED, Tensors.data(tensor) + place * Integer.BYTES);
    }

    private static long vector(long size) {
        long tensor = Tensors.begin(DType.INT64.code(), 1);
        Tensors.setDimension(tensor, 0, size, 1);
        Tensors.allocate(tensor);
        return tensor;
    }

    private static long matrix(int dtype, long rows, long columns) {
        long tensor = Tensors.begin(dtype, 2);
        Tensors.setDimension(tensor, 0, rows, Math.max(1, columns));
        Tensors.setDimension(tensor, 1, columns, 1);
        Tensors.allocate(tensor);
        return tensor;
    }

    private static void requireFloats(long tensor, int rank, String what) {
        Tensors.require(tensor, what);
        int dtype = Tensors.dtype(tensor);
        boolean known = dtype == DType.FLOAT32.code() || dtype == DType.FLOAT64.code();
        if (!known || Tensors.rank(tensor) != rank) {
            throw unexpected(tensor, what);
        }
    }

    private static void requireIndices(long tensor, String what) {
        Tensors.require(tensor, what);
        int dtype = Tensors.dtype(tensor);
        boolean known = dtype == DType.INT64.code() || dtype == DType.INT32.code();
        if (!known || Tensors.rank(tensor) != 1) {
            throw unexpected(tensor, what);
        }
    }

    private static BuiltInFailure unexpected(long tensor, String what) {
        return new BuiltInFailure(
                "%s of an embedding bag is %s, which is not expected"
                        .formatted(what, Tensors.describe(tensor)));
    }

    /** Bags begin at 0, do not go back, and end within the indices. */
    private static void requireOffsets(long offsets, long bags, long count, boolean last) {
        long before = 0;
        for (long i = 0; i < Tensors.size(offsets, 0); i++) {
            long offset = index(offsets, i);
            boolean starts = i > 0 || offset == 0;
            if (!starts || offset < before || offset > count) {
                throw new BuiltInFailure(
                        "offset %d of bag %d, with %d indices".formatted(offset, i, count));
            }
            before = offset;
        }
        if (last && bags >= 0 && Tensors.size(offsets, 0) > 0 && before != count) {
            throw new BuiltInFailure(
                    "the last offset is %d, with %d indices".formatted(before, count));
        }
    }
}
