package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Copies;
import io.github.aoti4j.internal.builtin.tensor.Layouts;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/** Parts of tensors, and tensors of parts. */
public final class Pieces {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Pieces() {}

    /**
     * {@code aoti_torch_cpu_slice_Tensor}: a view.
     *
     * @param start the address of the first index, or 0 for 0; negative ones count from the end
     * @param end the address of the index behind the last one, or 0 for the end
     */
    public static void slice(long self, long dim, long start, long end, long step, long ret0) {
        Tensors.require(self, "self");
        int rank = Tensors.rank(self);
        if (dim < -rank || dim >= rank || step <= 0) {
            throw new BuiltInFailure(
                    "a slice of dimension %d, by %d, of %s"
                            .formatted(dim, step, Tensors.describe(self)));
        }
        int dimension = (int) (dim < 0 ? dim + rank : dim);
        long size = Tensors.size(self, dimension);
        long from = start == 0 ? 0 : clamp(MEMORY.get(JAVA_LONG, start), 0, size);
        long to = end == 0 ? size : clamp(MEMORY.get(JAVA_LONG, end), from, size);
        long stride = Tensors.stride(self, dimension);
        long view = Tensors.begin(Tensors.dtype(self), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(view, d, Tensors.size(self, d), Tensors.stride(self, d));
        }
        long length = to == from ? 0 : 1 + (to - from - 1) / step;
        // Such a step leaves one element, whose stride has no meaning.
        boolean overflows = stride > 0 && step > Long.MAX_VALUE / stride;
        Tensors.setDimension(view, dimension, length, overflows ? stride : stride * step);
        Tensors.view(view, self, Tensors.offset(self) + from * stride);
        MEMORY.set(JAVA_LONG, ret0, view);
    }

    private static long clamp(long index, long least, long size) {
        return Math.clamp(index < 0 ? index + size : index, least, Math.max(least, size));
    }

    /**
     * {@code aoti_torch_cpu_cat}, of tensors of one dtype. Those of one dimension without elements
     * are left out.
     */
    public static void cat(long tensors, long count, long dim, long ret0) {
        long like = 0;
        for (long i = 0; i < count; i++) {
            long tensor = at(tensors, i);
            Tensors.require(tensor, "a tensor");
            like = like == 0 || isNothing(like) ? tensor : like;
        }
        if (like == 0) {
            throw new BuiltInFailure("a concatenation of nothing");
        }
        int rank = Tensors.rank(like);
        if (!isNothing(like) && (dim < -rank || dim >= rank)) {
            throw new BuiltInFailure(
                    "a concatenation along %d of %s".formatted(dim, Tensors.describe(like)));
        }
        int dimension = isNothing(like) ? 0 : (int) (dim < 0 ? dim + rank : dim);
        long sum = 0;
        for (long i = 0; i < count; i++) {
            requireFits(at(tensors, i), like, dimension);
            sum += isNothing(at(tensors, i)) ? 0 : Tensors.size(at(tensors, i), dimension);
        }
        long result = Tensors.begin(Tensors.dtype(like), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(result, d, d == dimension ? sum : Tensors.size(like, d), 0);
        }
        Tensors.setContiguous(result);
        Tensors.allocate(result);
        try {
            long start = 0;
            for (long i = 0; i < count; i++) {
                if (!isNothing(at(tensors, i))) {
                    copy(at(tensors, i), result, dimension, start);
                    start += Tensors.size(at(tensors, i), dimension);
                }
            }
        } catch (Throwable e) {
            Tensors.delete(result);
            throw e;
        }
        MEMORY.set(JAVA_LONG, ret0, result);
    }

    private static long at(long list, long index) {
        return MEMORY.get(JAVA_LONG, list + index * Long.BYTES);
    }

    private static boolean isNothing(long tensor) {
        return Tensors.rank(tensor) == 1 && Tensors.size(tensor, 0) == 0;
    }

    private static void requireFits(long tensor, long like, int dimension) {
        boolean fits = Tensors.dtype(tensor) == Tensors.dtype(like);
        if (!isNothing(tensor)) {
            fits &= Tensors.rank(tensor) == Tensors.rank(like);
            for (int d = 0; fits && d < Tensors.rank(like); d++) {
                fits = d == dimension || Tensors.size(tensor, d) == Tensors.size(like, d);
            }
            // The result of images that lie channels-last would, too.
            fits &= Tensors.rank(tensor) < 4 || Layouts.isContiguous(tensor);
        }
        if (!fits) {
            throw new BuiltInFailure(
                    "a concatenation of %s and %s"
                            .formatted(Tensors.describe(like), Tensors.describe(tensor)));
        }
    }

    private static void copy(long tensor, long result, int dimension, long start) {
        int rank = Tensors.rank(result);
        long place = Tensors.begin(Tensors.dtype(result), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(place, d, Tensors.size(tensor, d), Tensors.stride(result, d));
        }
        long offset = Tensors.count(tensor) == 0 ? 0 : start * Tensors.stride(result, dimension);
        Tensors.view(place, result, offset);
        try {
            Copies.copy(tensor, place);
        } finally {
            Tensors.delete(place);
        }
    }
}
