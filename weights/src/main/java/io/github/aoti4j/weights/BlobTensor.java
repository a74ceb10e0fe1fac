package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;

import java.util.Arrays;
import java.util.Objects;

/**
 * A constant as a model's source describes it, for the blob that its weights lie in one after the
 * other.
 *
 * @param name the name to find it by
 * @param dtype the type of its elements
 * @param shape its sizes, outermost first. A copy, in and out
 * @param strides in elements, as many as sizes. A copy, in and out
 * @param storageOffset of its first element, in elements from the start of its bytes
 * @param byteSize how many bytes of the blob are its own, padding included ({@code data_size} in
 *     the source)
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record BlobTensor(
        String name, DType dtype, long[] shape, long[] strides, long storageOffset, long byteSize) {

    /** Copies shape and strides. */
    public BlobTensor {
        Objects.requireNonNull(name);
        Objects.requireNonNull(dtype);
        shape = shape.clone();
        strides = strides.clone();
    }

    /** {@return the sizes, outermost first: a copy} */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** {@return the strides in elements: a copy} */
    @Override
    public long[] strides() {
        return strides.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BlobTensor that
                && name.equals(that.name)
                && dtype == that.dtype
                && Arrays.equals(shape, that.shape)
                && Arrays.equals(strides, that.strides)
                && storageOffset == that.storageOffset
                && byteSize == that.byteSize;
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                name,
                dtype,
                Arrays.hashCode(shape),
                Arrays.hashCode(strides),
                storageOffset,
                byteSize);
    }

    @Override
    public String toString() {
        return "%s: %s%s, %d bytes"
                .formatted(name, dtype.torchName(), Arrays.toString(shape), byteSize);
    }
}
