package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;

import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor in a file: dense, row-major, its bytes in one piece.
 *
 * @param name the tensor's name, unique in its file
 * @param dtype the type of its elements
 * @param shape its sizes, outermost first; empty for a 0-dimensional tensor. A copy, in and out
 * @param offset where its bytes start, from the start of the file; not necessarily a multiple of
 *     the element's size
 * @param byteSize its bytes: the product of the shape, times the element's size
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record TensorEntry(String name, DType dtype, long[] shape, long offset, long byteSize) {

    /** Copies the shape. */
    public TensorEntry {
        Objects.requireNonNull(name);
        Objects.requireNonNull(dtype);
        shape = shape.clone();
    }

    /** {@return the sizes, outermost first: a copy} */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorEntry that
                && name.equals(that.name)
                && dtype == that.dtype
                && Arrays.equals(shape, that.shape)
                && offset == that.offset
                && byteSize == that.byteSize;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, dtype, Arrays.hashCode(shape), offset, byteSize);
    }

    @Override
    public String toString() {
        return "%s: %s%s, %d bytes at %d"
                .formatted(name, dtype.torchName(), Arrays.toString(shape), byteSize, offset);
    }
}
