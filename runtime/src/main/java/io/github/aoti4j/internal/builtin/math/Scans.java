package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;
import io.github.aoti4j.internal.tensor.NarrowFloats;

import java.lang.foreign.MemorySegment;

/** Sums and products of the elements so far, along a dimension. The result is contiguous. */
public final class Scans {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Scans() {}

    /**
     * {@code aoti_torch_cpu_cumsum}.
     *
     * @param dtype the address of the result's dtype, to which elements are converted before they
     *     are added; 0 for the tensor's, or int64 if that is an integer
     */
    public static void cumsum(long self, long dim, long dtype, long ret0) {
        scan(self, dim, dtype, true, ret0);
    }

    /** {@code aoti_torch_cpu_cumprod}. */
    public static void cumprod(long self, long dim, long dtype, long ret0) {
        scan(self, dim, dtype, false, ret0);
    }

    private static void scan(long self, long dim, long dtype, boolean sum, long ret0) {
        Tensors.require(self, "self");
        int from = Tensors.dtype(self);
        int to =
                dtype != 0
                        ? MEMORY.get(JAVA_INT, dtype)
                        : Numbers.isIntegral(from) ? Numbers.INT64 : from;
        boolean known =
                (isSummed(from) || Numbers.isFloating(from))
                        && (isSummed(to) || Numbers.isFloating(to))
                        && to != Numbers.BOOL;
        int rank = Tensors.rank(self);
        int dimensions = Math.max(1, rank);
        if (!known || dim < -dimensions || dim >= dimensions) {
            throw new BuiltInFailure(
                    "a scan of %s along %d with results of dtype %d"
                            .formatted(Tensors.describe(self), dim, to));
        }
        int dimension = (int) (dim < 0 ? dim + dimensions : dim);
        long result = Tensors.begin(to, rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(result, d, Tensors.size(self, d), 0);
        }
        Tensors.setContiguous(result);
        Tensors.allocate(result);
        if (Tensors.count(self) > 0) {
            rows(self, dimension, sum, result);
        }
        MEMORY.set(JAVA_LONG, ret0, result);
    }

    /** libtorch has no sums of unsigned integers of more than 8 bits. */
    private static boolean isSummed(int dtype) {
        return Numbers.isIntegral(dtype)
                && dtype != Numbers.UINT16
                && dtype != Numbers.UINT32
                && dtype != Numbers.UINT64;
    }

    private static void rows(long self, int dimension, boolean sum, long result) {
        int rank = Tensors.rank(self);
        long length = rank == 0 ? 1 : Tensors.size(self, dimension);
        long rows = Tensors.count(self) / length;
        for (long row = 0; row < rows; row++) {
            long from = 0;
            long to = 0;
            long rest = row;
            for (int d = rank - 1; d >= 0; d--) {
                if (d != dimension) {
                    long at = rest % Tensors.size(self, d);
                    rest /= Tensors.size(self, d);
                    from += at * Tensors.stride(self, d);
                    to += at * Tensors.stride(result, d);
                }
            }
            long step = rank == 0 ? 0 : Tensors.stride(self, dimension);
            long resultStep = rank == 0 ? 0 : Tensors.stride(result, dimension);
            if (Numbers.isFloating(Tensors.dtype(result))) {
                floats(self, from, step, length, sum, result, to, resultStep);
            } else {
                integers(self, from, step, length, sum, result, to, resultStep);
            }
        }
    }

    /** Adds in double, of narrow floats in float (c10's acc_type for the CPU). */
    private static void floats(
            long self,
            long from,
            long step,
            long length,
            boolean sum,
            long result,
            long to,
            long resultStep) {
        int dtype = Tensors.dtype(self);
        int resultDtype = Tensors.dtype(result);
        int bytes = Tensors.elementBytes(dtype);
        int resultBytes = Tensors.elementBytes(resultDtype);
        boolean narrow = resultDtype == Numbers.BFLOAT16 || resultDtype == Numbers.FLOAT16;
        double total = sum ? 0 : 1;
        for (long i = 0; i < length; i++) {
            double element = element(dtype, Tensors.data(self) + (from + i * step) * bytes);
            double rounded = dtype == resultDtype ? element : round(resultDtype, element);
            total = sum ? total + rounded : total * rounded;
            total = narrow ? (float) total : total;
            long at = Tensors.data(result) + (to + i * resultStep) * resultBytes;
            Numbers.setDouble(resultDtype, at, total);
        }
    }

    private static double element(int dtype, long address) {
        return Numbers.isFloating(dtype)
                ? Numbers.getDouble(dtype, address)
                : Numbers.getLong(dtype, address);
    }

    /** An element as an integer: floating-point ones lose their fraction. */
    private static long whole(int dtype, long address) {
        return Numbers.isFloating(dtype)
                ? (long) Numbers.getDouble(dtype, address)
                : Numbers.getLong(dtype, address);
    }

    private static double round(int dtype, double value) {
        return switch (dtype) {
            case Numbers.FLOAT32 -> (float) value;
            case Numbers.FLOAT16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            case Numbers.BFLOAT16 ->
                    Float.intBitsToFloat(
                            NarrowFloats.fromFloat(DType.BFLOAT16, (float) value) << Short.SIZE);
            default -> value;
        };
    }

    private static void integers(
            long self,
            long from,
            long step,
            long length,
            boolean sum,
            long result,
            long to,
            long resultStep) {
        int dtype = Tensors.dtype(self);
        int resultDtype = Tensors.dtype(result);
        int bytes = Tensors.elementBytes(dtype);
        int resultBytes = Tensors.elementBytes(resultDtype);
        long total = sum ? 0 : 1;
        for (long i = 0; i < length; i++) {
            long element = whole(dtype, Tensors.data(self) + (from + i * step) * bytes);
            total = sum ? total + element : total * element;
            long at = Tensors.data(result) + (to + i * resultStep) * resultBytes;
            Numbers.setLong(resultDtype, at, total);
        }
    }
}
