package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor to be written: dense, row-major.
 *
 * @param dtype the type of its elements
 * @param shape its sizes, outermost first; empty for a 0-dimensional tensor. A copy, in and out
 * @param bytes its elements, little-endian, in native memory or on the heap; exactly as many bytes
 *     as dtype and shape say. Not copied
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record TensorData(DType dtype, long[] shape, MemorySegment bytes) {

    /** Copies the shape. */
    public TensorData {
        Objects.requireNonNull(dtype);
        Objects.requireNonNull(bytes);
        shape = shape.clone();
    }

    /** {@return the sizes, outermost first: a copy} */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorData that
                && dtype == that.dtype
                && Arrays.equals(shape, that.shape)
                && bytes.equals(that.bytes);
    }

    @Override
    public int hashCode() {
        return Objects.hash(dtype, Arrays.hashCode(shape), bytes);
    }

    @Override
    public String toString() {
        return "%s%s".formatted(dtype.torchName(), Arrays.toString(shape));
    }
}
