package io.github.aoti4j.internal.tensor;

import java.lang.foreign.MemorySegment;

/**
 * Copies elements between layouts. The innermost runs that are dense on both sides go as one block.
 */
public final class StridedCopy {
    private StridedCopy() {}

    /**
     * Copies a strided tensor into row-major memory.
     *
     * @param elementSize bytes of an element
     * @param target receives the elements without gaps
     */
    public static void gather(
            MemorySegment source,
            long[] shape,
            long[] strides,
            int elementSize,
            MemorySegment target) {
        copy(source, shape, strides, elementSize, target, Shapes.contiguousStrides(shape));
    }

    /**
     * Copies a strided tensor into memory of other strides.
     *
     * @param elementSize bytes of an element
     */
    public static void copy(
            MemorySegment source,
            long[] shape,
            long[] strides,
            int elementSize,
            MemorySegment target,
            long[] targetStrides) {
        if (Shapes.elementCount(shape) == 0) {
            return;
        }
        int outer = shape.length;
        long run = 1;
        while (outer > 0 && isDense(outer - 1, run, shape, strides, targetStrides)) {
            outer--;
            run *= shape[outer];
        }
        long[] index = new long[outer];
        long from = 0;
        long to = 0;
        long bytes = run * elementSize;
        while (true) {
            MemorySegment.copy(source, from * elementSize, target, to * elementSize, bytes);
            int d = outer - 1;
            while (d >= 0 && ++index[d] == shape[d]) {
                from -= (shape[d] - 1) * strides[d];
                to -= (shape[d] - 1) * targetStrides[d];
                index[d] = 0;
                d--;
            }
            if (d < 0) {
                return;
            }
            from += strides[d];
            to += targetStrides[d];
        }
    }

    private static boolean isDense(
            int dimension, long run, long[] shape, long[] strides, long[] targetStrides) {
        return shape[dimension] == 1
                || (strides[dimension] == run && targetStrides[dimension] == run);
    }
}
