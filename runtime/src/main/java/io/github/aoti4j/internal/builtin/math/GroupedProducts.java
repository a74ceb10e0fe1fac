package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Fills;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * Products of groups of rows, each with a matrix of its own: what a mixture of experts computes.
 */
public final class GroupedProducts {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** PyTorch aligns the rows of the result, for devices. */
    private static final int ROW_BYTES = 16;

    private GroupedProducts() {}

    /**
     * {@code aoti_torch_cpu__grouped_mm} of a matrix whose rows are in groups and a matrix for each
     * group.
     *
     * @param self rows, inner size
     * @param mat2 groups, inner size, columns
     * @param offs where there is the int32 tensor of the groups' ends; rows after the last one give
     *     zeros
     * @param bias 0
     * @param outDtype 0, or where there is the dtype of the matrices
     */
    public static void groupedMm(
            long self, long mat2, long offs, long bias, long outDtype, long ret0) {
        Tensors.require(self, "self");
        Tensors.require(mat2, "mat2");
        long ends = offs == 0 ? 0 : MEMORY.get(JAVA_LONG, offs);
        requireFit(self, mat2, ends);
        int dtype = Tensors.dtype(self);
        if (bias != 0 || (outDtype != 0 && MEMORY.get(JAVA_INT, outDtype) != dtype)) {
            throw new BuiltInFailure("a grouped product with a bias, or of another type");
        }
        long rows = Tensors.size(self, 0);
        long columns = Tensors.size(mat2, 2);
        int aligned = ROW_BYTES / Tensors.elementBytes(dtype);
        long out = Tensors.begin(dtype, 2);
        Tensors.setDimension(out, 0, rows, (columns + aligned - 1) / aligned * aligned);
        Tensors.setDimension(out, 1, columns, 1);
        Tensors.allocate(out);
        try {
            Fills.zero(out);
            if (columns > 0) {
                groups(self, mat2, ends, out);
            }
        } catch (Throwable e) {
            Tensors.delete(out);
            throw e;
        }
        MEMORY.set(JAVA_LONG, ret0, out);
    }

    private static void groups(long self, long mat2, long ends, long out) {
        int dtype = Tensors.dtype(self);
        int bytes = Tensors.elementBytes(dtype);
        long start = 0;
        for (long group = 0; group < Tensors.size(mat2, 0); group++) {
            long end = end(ends, group);
            if (end < start || end > Tensors.size(self, 0)) {
                throw new BuiltInFailure(
                        "group %d of %s ends at %d, after %d"
                                .formatted(group, Tensors.describe(self), end, start));
            }
            if (end > start && Tensors.size(self, 1) > 0) {
                StridedGemm.run(
                        dtype,
                        end - start,
                        Tensors.size(mat2, 2),
                        Tensors.size(self, 1),
                        1,
                        Tensors.data(self) + start * Tensors.stride(self, 0) * bytes,
                        Tensors.stride(self, 0),
                        Tensors.stride(self, 1),
                        Tensors.data(mat2) + group * Tensors.stride(mat2, 0) * bytes,
                        Tensors.stride(mat2, 1),
                        Tensors.stride(mat2, 2),
                        0,
                        Tensors.data(out) + start * Tensors.stride(out, 0) * bytes,
                        Tensors.stride(out, 0),
                        1);
            }
            start = end;
        }
    }

    private static long end(long ends, long group) {
        long at = group * Tensors.stride(ends, 0) * Integer.BYTES;
        return Numbers.getLong(Numbers.INT32, Tensors.data(ends) + at);
    }

    private static void requireFit(long self, long mat2, long ends) {
        Tensors.require(ends, "offs");
        if (Tensors.rank(self) != 2
                || Tensors.rank(mat2) != 3
                || Tensors.size(self, 1) != Tensors.size(mat2, 1)
                || Tensors.dtype(self) != Tensors.dtype(mat2)
                || !Numbers.isFloating(Tensors.dtype(self))
                || !StridedGemm.has(Tensors.dtype(self))
                || Tensors.rank(ends) != 1
                || Tensors.dtype(ends) != Numbers.INT32
                || Tensors.size(ends, 0) != Tensors.size(mat2, 0)) {
            throw new BuiltInFailure(
                    "a grouped product of %s and %s, groups ending at %s"
                            .formatted(
                                    Tensors.describe(self),
                                    Tensors.describe(mat2),
                                    Tensors.describe(ends)));
        }
    }
}
