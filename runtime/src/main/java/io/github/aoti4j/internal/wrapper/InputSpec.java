package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model demands of one input, as far as its wrapper source says.
 *
 * @param name the name in the source, such as {@code arg4_1}
 * @param dtype its element type; empty if not checked
 * @param deviceType the device's number ({@code c10::DeviceType}; 0 is the CPU); empty if not
 *     checked
 * @param rankKnown true if the input has exactly the dimensions listed; false if it may have more
 * @param otherStrides true if it demands a stride that a row-major tensor does not have
 * @param readAsScalar true if the model reads it as a number, from any tensor of one element
 */
public record InputSpec(
        int index,
        String name,
        Optional<DType> dtype,
        OptionalInt deviceType,
        boolean rankKnown,
        List<DimensionSpec> dimensions,
        boolean otherStrides,
        boolean readAsScalar) {
    /**
     * Returns the sizes, if the model takes no others: a fresh array, or empty if a size may vary
     * or the rank is not known.
     */
    public Optional<long[]> fixedShape() {
        long[] shape = new long[dimensions.size()];
        for (int d = 0; d < shape.length; d++) {
            if (!(dimensions.get(d).size() instanceof SizeExpression.Literal(long size))) {
                return Optional.empty();
            }
            shape[d] = size;
        }
        return rankKnown ? Optional.of(shape) : Optional.empty();
    }

    /**
     * Returns whether the input is a single element, which a plain number can stand for; true if it
     * has no dimensions, or is read as a number.
     */
    public boolean isScalar() {
        return readAsScalar || (rankKnown && dimensions.isEmpty());
    }
}
