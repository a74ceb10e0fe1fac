package io.github.aoti4j.weights.safetensors;

import io.github.aoti4j.core.DType;

/**
 * Shapes as the header of a safetensors file has them. They differ from PyTorch's for one dtype:
 * the format counts four-bit floats one by one, PyTorch by pairs.
 */
public final class SafetensorsShape {
    private SafetensorsShape() {}

    /** Returns PyTorch's shape; null if the last size is odd. */
    static long[] fromHeader(DType dtype, long[] shape) {
        if (dtype != DType.FLOAT4_E2M1FN_X2) {
            return shape;
        }
        int last = shape.length - 1;
        if (last < 0 || shape[last] % 2 != 0) {
            return null;
        }
        long[] pairs = shape.clone();
        pairs[last] /= 2;
        return pairs;
    }

    /**
     * Returns the header's shape; null if it cannot express one, as for one pair without
     * dimensions.
     */
    public static long[] toHeader(DType dtype, long[] shape) {
        if (dtype != DType.FLOAT4_E2M1FN_X2) {
            return shape;
        }
        int last = shape.length - 1;
        if (last < 0) {
            return null;
        }
        long[] singles = shape.clone();
        singles[last] = Math.multiplyExact(singles[last], 2);
        return singles;
    }

    /**
     * Returns the bytes of a dense tensor; throws {@link ArithmeticException} if a long cannot
     * count them.
     */
    public static long byteSize(DType dtype, long[] shape) {
        long bytes = dtype.byteSize();
        for (long size : shape) {
            bytes = Math.multiplyExact(bytes, size);
        }
        return bytes;
    }
}
