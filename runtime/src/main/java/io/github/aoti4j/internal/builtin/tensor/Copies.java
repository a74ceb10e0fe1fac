package io.github.aoti4j.internal.builtin.tensor;

import java.lang.foreign.MemorySegment;

/** Copies tensors' elements. */
public final class Copies {
    private Copies() {}

    /** {@code aoti_torch_copy_}. */
    public static void copyInto(long self, long source, int nonBlocking) {
        copy(source, self);
    }

    /** {@code aoti_torch_tensor_copy_}. */
    public static void tensorCopy(long source, long destination) {
        copy(source, destination);
    }

    /** {@code aoti_torch_clone}. */
    public static void clone(long self, long result) {
        Tensors.require(self, "self");
        int rank = Tensors.rank(self);
        long copy = Tensors.begin(Tensors.dtype(self), rank);
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(copy, d, Tensors.size(self, d), Tensors.stride(self, d));
        }
        if (!Layouts.isDense(self)) {
            Layouts.setDenseStrides(copy);
        }
        Tensors.allocate(copy);
        StridedCopies.copy(copy, self);
        Raw.setLong(result, copy);
    }

    /** {@code aoti_torch_clone_preserve_strides}: copies what lies between the elements, too. */
    public static void clonePreserveStrides(long self, long result) {
        Tensors.require(self, "self");
        int rank = Tensors.rank(self);
        long copy = Tensors.begin(Tensors.dtype(self), rank);
        Tensors.allocate(copy, Tensors.sizes(self), Tensors.strides(self));
        MemorySegment.copy(
                Raw.MEMORY,
                Tensors.data(self),
                Raw.MEMORY,
                Tensors.data(copy),
                Layouts.spanBytes(self));
        Raw.setLong(result, copy);
    }

    /** Copies elements, converted and repeated to the sizes of the destination. */
    public static void copy(long source, long destination) {
        Tensors.require(destination, "self");
        Tensors.require(source, "src");
        if (!isExpandable(source, destination)) {
            throw refused("has not the sizes of", source, destination);
        }
        int from = Tensors.dtype(source);
        int to = Tensors.dtype(destination);
        if (from != to) {
            Numbers.requireNumber(source, "src");
            Numbers.requireNumber(destination, "self");
        }
        if (source == destination || Tensors.count(destination) == 0) {
            return;
        }
        Layouts.requireApart(destination);
        boolean dense = Layouts.isDense(source) && Layouts.isDense(destination);
        if (dense && overlapPartly(source, destination)) {
            throw refused("overlaps", source, destination);
        }
        StridedCopies.copy(destination, source);
    }

    private static BuiltInFailure refused(String how, long source, long destination) {
        return new BuiltInFailure(
                "src, which is %s, %s self, which is %s"
                        .formatted(Tensors.describe(source), how, Tensors.describe(destination)));
    }

    /** Returns whether sizes of 1 can be repeated, and dimensions added in front. */
    private static boolean isExpandable(long source, long destination) {
        int added = Tensors.rank(destination) - Tensors.rank(source);
        if (added < 0) {
            return false;
        }
        for (int d = 0; d < Tensors.rank(source); d++) {
            long size = Tensors.size(source, d);
            if (size != 1 && size != Tensors.size(destination, d + added)) {
                return false;
            }
        }
        return true;
    }

    /** As {@code at::get_overlap_status} (aten/src/ATen/MemoryOverlap.cpp), of dense tensors. */
    private static boolean overlapPartly(long a, long b) {
        long startA = Tensors.data(a);
        long startB = Tensors.data(b);
        long endA = startA + Layouts.spanBytes(a);
        long endB = startB + Layouts.spanBytes(b);
        if (startA == startB && endA == endB) {
            return !Layouts.areSame(a, b);
        }
        return startA < endB && startB < endA;
    }
}
