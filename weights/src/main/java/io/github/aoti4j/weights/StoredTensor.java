package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor in a file, in memory where it lies.
 *
 * @param name the tensor's name, unique in its source
 * @param dtype the type of its elements
 * @param shape its sizes, outermost first; empty for a 0-dimensional tensor. A copy, in and out
 * @param strides for each dimension the distance of neighbours, in elements, never negative. A
 *     copy, in and out
 * @param segment its elements, little-endian: starts at the first and ends with the last, and holds
 *     foreign ones too where the strides leave some out. Writable; what is written stays in the
 *     mapping that it is part of. Starts at any byte, which need not be a multiple of the element's
 *     size. Ends with its source or the source's last hold
 * @param location where it lies, for people: for example {@code weights.safetensors, offset 1234}
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record StoredTensor(
        String name,
        DType dtype,
        long[] shape,
        long[] strides,
        MemorySegment segment,
        String location) {

    /** Copies shape and strides. */
    public StoredTensor {
        Objects.requireNonNull(name);
        Objects.requireNonNull(dtype);
        Objects.requireNonNull(segment);
        Objects.requireNonNull(location);
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
        return other instanceof StoredTensor that
                && name.equals(that.name)
                && dtype == that.dtype
                && Arrays.equals(shape, that.shape)
                && Arrays.equals(strides, that.strides)
                && segment.equals(that.segment)
                && location.equals(that.location);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                name, dtype, Arrays.hashCode(shape), Arrays.hashCode(strides), segment, location);
    }

    @Override
    public String toString() {
        return "%s: %s%s, %s".formatted(name, dtype.torchName(), Arrays.toString(shape), location);
    }
}
