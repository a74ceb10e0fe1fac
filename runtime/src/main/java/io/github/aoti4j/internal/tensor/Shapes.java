package io.github.aoti4j.internal.tensor;

import io.github.aoti4j.core.InvalidInputException;

import java.util.Arrays;

/** Arithmetic of shapes and strides, in elements, checked for overflow. */
public final class Shapes {
    /** The largest rank that is looked at; PyTorch's own kernels stop at 64 dimensions. */
    public static final int MAX_RANK = 64;

    private Shapes() {}

    /**
     * Returns the row-major strides of a shape, as PyTorch computes them: a size of 0 counts as 1.
     *
     * @throws InvalidInputException if a size is negative or the product overflows
     */
    public static long[] contiguousStrides(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride = multiply(stride, Math.max(checkSize(shape, i), 1), shape);
        }
        return strides;
    }

    /**
     * Returns the product of the sizes.
     *
     * @param shape the sizes, none negative
     */
    public static long elementCount(long[] shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return count;
    }

    /**
     * Returns how many bytes lie from the first element's start to the last element's end.
     *
     * @param elementSize bytes of an element
     * @return bytes; 0 if there is no element
     * @throws InvalidInputException if a size or stride is negative, the two differ in length, or
     *     the result overflows
     */
    public static long spanBytes(long[] shape, long[] strides, int elementSize) {
        if (shape.length != strides.length) {
            throw new InvalidInputException(
                    "shape %s has %d dimensions, but strides %s have %d"
                            .formatted(
                                    toString(shape),
                                    shape.length,
                                    toString(strides),
                                    strides.length));
        }
        long count = elementSize;
        for (int i = 0; i < shape.length; i++) {
            // Strides of 0 can make a small memory hold more elements than a long can count.
            count = multiply(count, checkSize(shape, i), shape);
            if (strides[i] < 0) {
                throw new InvalidInputException(
                        "stride %d of dimension %d is negative, which PyTorch does not know"
                                .formatted(strides[i], i));
            }
        }
        if (count == 0) {
            return 0;
        }
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            long reach = multiply(shape[i] - 1, strides[i], shape);
            last = last + reach;
            if (last < 0) {
                throw tooLarge(shape);
            }
        }
        if (last == Long.MAX_VALUE) {
            throw tooLarge(shape);
        }
        return multiply(last + 1, elementSize, shape);
    }

    /**
     * Returns whether strides are the row-major ones; the stride of a size of 1 does not matter;
     * true also for a tensor without elements.
     */
    public static boolean isContiguous(long[] shape, long[] strides) {
        long expected = 1;
        boolean contiguous = true;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] == 0) {
                return true;
            }
            if (shape[i] != 1) {
                contiguous &= strides[i] == expected;
                expected *= shape[i];
            }
        }
        return contiguous;
    }

    /**
     * Returns whether two strides put all elements of a shape in the same places; true if they
     * differ at most where they do not matter.
     */
    public static boolean sameLayout(long[] shape, long[] a, long[] b) {
        if (elementCount(shape) == 0) {
            return true;
        }
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] != 1 && a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns whether the elements fill their memory, in whatever order of the dimensions.
     *
     * @param shape the sizes, at least one element in all
     * @return true if there are neither gaps between elements nor elements in the same place
     */
    public static boolean isDense(long[] shape, long[] strides) {
        long next = 1;
        int left = 0;
        for (long size : shape) {
            left += size == 1 ? 0 : 1;
        }
        while (left > 0) {
            int inner = 0;
            while (inner < shape.length && (shape[inner] == 1 || strides[inner] != next)) {
                inner++;
            }
            if (inner == shape.length) {
                return false;
            }
            next *= shape[inner];
            left--;
        }
        return true;
    }

    /**
     * Formats sizes for messages.
     *
     * @param sizes sizes or strides
     * @return for example {@code [3, 10]}
     */
    public static String toString(long[] sizes) {
        return Arrays.toString(sizes);
    }

    private static long checkSize(long[] shape, int dimension) {
        if (shape[dimension] < 0) {
            throw new InvalidInputException(
                    "size %d of dimension %d is negative".formatted(shape[dimension], dimension));
        }
        return shape[dimension];
    }

    private static long multiply(long a, long b, long[] shape) {
        if (Math.multiplyHigh(a, b) != 0 || a * b < 0) {
            throw tooLarge(shape);
        }
        return a * b;
    }

    private static InvalidInputException tooLarge(long[] shape) {
        return new InvalidInputException(
                "a tensor of shape %s would be larger than any memory".formatted(toString(shape)));
    }
}
