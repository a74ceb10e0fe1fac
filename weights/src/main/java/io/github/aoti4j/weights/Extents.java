package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;

/** How far shapes and strides reach. */
final class Extents {
    private Extents() {}

    /**
     * The strides of a dense tensor with the last dimension innermost, as PyTorch gives them: a
     * dimension of size 0 counts like one of size 1.
     *
     * @throws ArithmeticException if a stride is more than a long can count
     */
    static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride = Math.multiplyExact(stride, Math.max(1, shape[i]));
        }
        return strides;
    }

    /**
     * The bytes from the first element to the end of the last; 0 if there is no element.
     *
     * @throws ArithmeticException if they are more than a long can count
     */
    static long span(DType dtype, long[] shape, long[] strides) {
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0) {
                return 0;
            }
            last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
        }
        return Math.multiplyExact(Math.addExact(last, 1), dtype.byteSize());
    }
}
