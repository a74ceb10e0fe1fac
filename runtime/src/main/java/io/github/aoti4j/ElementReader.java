package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.Shapes;

import java.math.BigInteger;

/** Reads single elements of tensors. */
final class ElementReader {
    private ElementReader() {}

    /**
     * Returns how many elements lie between the first one and another.
     *
     * @throws IndexOutOfBoundsException if an index is outside its dimension
     * @throws InvalidInputException if there are more or fewer indices than dimensions
     */
    static long offset(Tensor tensor, long[] indices) {
        long[] shape = tensor.shapeUnsafe();
        if (indices.length != shape.length) {
            throw new InvalidInputException(
                    "%d indices are given, but %s has %d dimensions"
                            .formatted(indices.length, tensor, shape.length));
        }
        long offset = 0;
        for (int d = 0; d < shape.length; d++) {
            if (indices[d] < 0 || indices[d] >= shape[d]) {
                throw new IndexOutOfBoundsException(
                        "index %d is outside dimension %d of size %d, of %s at %s"
                                .formatted(
                                        indices[d], d, shape[d], tensor, Shapes.toString(indices)));
            }
            offset += indices[d] * tensor.stridesUnsafe()[d];
        }
        return offset;
    }

    /** Returns the value of a tensor that has one element. */
    static Number item(Tensor tensor) {
        if (tensor.elementCount() != 1) {
            throw new InvalidInputException(
                    "%s has %d elements, and item() reads the value of a tensor with one: use getFloat, getDouble or getLong with indices"
                            .formatted(tensor, tensor.elementCount()));
        }
        if (tensor.dtype().isComplex()) {
            throw new InvalidInputException(
                    "%s holds a complex number, which is no Number: use toDoubleArray(), real part first"
                            .formatted(tensor));
        }
        if (isInteger(tensor.dtype())) {
            long value = TensorReader.longs(tensor)[0];
            return tensor.dtype() == DType.UINT64 && value < 0
                    ? new BigInteger(Long.toUnsignedString(value))
                    : (Number) value;
        }
        return TensorReader.doubles(tensor)[0];
    }

    private static boolean isInteger(DType dtype) {
        return switch (dtype) {
            case BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> true;
            default -> false;
        };
    }
}
