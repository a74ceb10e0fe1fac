package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/**
 * What a model requires of one input, as far as its wrapper source says.
 *
 * @param name the name in the source, such as {@code arg4_1}
 * @param dtype empty if not checked
 * @param deviceType a {@code c10::DeviceType}, 0 for the CPU; empty if not checked
 * @param rankKnown whether the input has exactly the dimensions listed, or may have more
 * @param otherStrides whether a stride is required that a row-major tensor does not have
 * @param readAsScalar whether the model reads it as a number, from any tensor of one element
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
    /** Returns {@code float32 [s77: 1..1024, 10]}, with strides where row-major ones do not do. */
    public String describe() {
        String type = dtype.isPresent() ? dtype.get().torchName() : "any dtype";
        String text = type + " " + shape();
        return otherStrides ? text + " strides " + strides() : text;
    }

    /** Returns {@code [s77: 1..1024, 10]}. */
    public String shape() {
        var text = new StringJoiner(", ", "[", "]");
        for (DimensionSpec dimension : dimensions) {
            text.add(dimension.describeSize());
        }
        return (rankKnown ? text : text.add("…")).toString();
    }

    /** Returns {@code [192, 1, 24, 3]}. */
    public String strides() {
        return dimensions.stream()
                .map(d -> d.stride().text().isEmpty() ? "?" : d.stride().text())
                .collect(Collectors.joining(", ", "[", "]"));
    }

    /** Returns the sizes; empty if one may vary or the rank is not known. */
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

    /** Returns whether the input is a single element, which a plain number can stand for. */
    public boolean isScalar() {
        return readAsScalar || (rankKnown && dimensions.isEmpty());
    }
}
