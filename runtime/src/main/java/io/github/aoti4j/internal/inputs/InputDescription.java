package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.internal.wrapper.DimensionSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** Says in one line what a model demands of an input. */
public final class InputDescription {
    private InputDescription() {}

    /**
     * Describes an input for people.
     *
     * @param index the input's index
     * @return for example {@code float32 [s77: 1..1024, 10]}; the strides follow where others than
     *     the row-major ones are demanded
     */
    public static String of(WrapperSource source, int index) {
        var input = source.inputs().get(index);
        String text =
                (input.dtype().isPresent() ? input.dtype().get().torchName() : "any dtype")
                        + " "
                        + shape(input.dimensions(), input.rankKnown());
        return input.otherStrides() ? text + " strides " + strides(input.dimensions()) : text;
    }

    /** The sizes: {@code [s77: 1..1024, 10]}. */
    static String shape(List<DimensionSpec> dimensions, boolean complete) {
        var sizes = new StringJoiner(", ", "[", "]");
        for (var dimension : dimensions) {
            sizes.add(dimension.describeSize());
        }
        if (!complete) {
            sizes.add("…");
        }
        return sizes.toString();
    }

    /** The strides: {@code [192, 1, 24, 3]}. */
    static String strides(List<DimensionSpec> dimensions) {
        return dimensions.stream()
                .map(d -> d.stride().text().isEmpty() ? "?" : d.stride().text())
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
