package io.github.aoti4j.internal;

import io.github.aoti4j.internal.SizeExpression.Literal;

import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** Says in one line what a model demands of an input. */
public final class InputDescription {
    private InputDescription() {}

    /**
     * Describes an input for people.
     *
     * @param source the source it comes from
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
        return demandsOtherStrides(source.symbols(), input.dimensions())
                ? text + " strides " + strides(input.dimensions())
                : text;
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

    /**
     * Tells whether a stride is demanded that a row-major tensor does not have. Formulas are
     * compared by their values for one choice of sizes, all different: a coincidence would only
     * leave the strides out of a description.
     */
    static boolean demandsOtherStrides(List<SizeSymbol> symbols, List<DimensionSpec> dimensions) {
        long[] values = new long[symbols.size()];
        try {
            for (var symbol : symbols) {
                var definition = symbol.definition();
                values[symbol.slot()] =
                        definition.isPresent() ? definition.get().toLong(values) : sample(symbol);
            }
            long rowMajor = 1;
            for (var dimension : dimensions.reversed()) {
                if (dimension.stride().isKnown()
                        && !(dimension.size() instanceof Literal(long n) && n == 1)
                        && dimension.stride().toLong(values) != rowMajor) {
                    return true;
                }
                if (!dimension.size().isKnown()) {
                    return false;
                }
                rowMajor *= Math.max(dimension.size().toLong(values), 1);
            }
            return false;
        } catch (ArithmeticException _) {
            return true;
        }
    }

    /** A size, or a much larger stride, that no other symbol has. */
    private static long sample(SizeSymbol symbol) {
        boolean isStride = symbol.extent().orElseThrow().isStride();
        return 2L * symbol.slot() + (isStride ? 10_000_019L : 1009L);
    }
}
