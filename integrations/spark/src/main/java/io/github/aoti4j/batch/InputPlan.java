package io.github.aoti4j.batch;

import io.github.aoti4j.Dimension;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.batch.Element.Conversion;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How a column's values become one of a model's inputs.
 *
 * @param index the input, in call order
 * @param column the column's name, for messages
 * @param element what the column's elements are
 * @param dtype the input's
 * @param sizes of one row's tensor: the input's without the first; {@link #ANY} where it may vary
 * @param flat whether rows give all elements in one list, whatever the sizes
 */
public record InputPlan(
        int index, String column, Element element, DType dtype, List<Long> sizes, boolean flat)
        implements Serializable {
    /** Makes a plan. */
    public InputPlan {
        sizes = List.copyOf(sizes);
    }

    /** A size that rows may choose. */
    static final long ANY = -1;

    /**
     * Plans an input.
     *
     * @param info the input; its dtype and the number of its dimensions must be known
     * @param depth how deep arrays are nested in the column: 0 for a number, or for bytes
     * @param rounding whether floating-point values may be rounded to those of the dtype
     * @throws InvalidInputException if such a column cannot be such an input, naming the column
     */
    public static InputPlan of(
            int index,
            InputInfo info,
            String column,
            Element element,
            int depth,
            boolean rounding) {
        DType dtype =
                info.dtype()
                        .orElseThrow(
                                () -> refused(column, info, "the package does not say its dtype"));
        List<Dimension> dimensions =
                info.dimensions()
                        .orElseThrow(
                                () ->
                                        refused(
                                                column,
                                                info,
                                                "the package does not say how many dimensions it"
                                                        + " has"));
        if (dimensions.isEmpty()) {
            throw refused(column, info, "it has no dimension for the rows of a batch");
        }
        requireConversion(column, element, dtype, info, rounding);
        List<Long> sizes =
                dimensions.stream().skip(1).map(d -> d.isFixed() ? d.min() : ANY).toList();
        return new InputPlan(
                index, column, element, dtype, sizes, isFlat(column, element, depth, sizes, info));
    }

    private static void requireConversion(
            String column, Element element, DType dtype, InputInfo info, boolean rounding) {
        Conversion conversion = element.to(dtype);
        if (conversion == Conversion.NONE) {
            throw refused(
                    column,
                    info,
                    "its %s values cannot all be %s: cast the column, or give the bytes of the tensors"
                            .formatted(name(element), dtype.torchName()));
        }
        if (conversion == Conversion.ROUNDED && !rounding) {
            throw refused(
                    column,
                    info,
                    "its %s values would be rounded to %s: cast the column, or allow rounding"
                            .formatted(name(element), dtype.torchName()));
        }
    }

    private static boolean isFlat(
            String column, Element element, int depth, List<Long> sizes, InputInfo info) {
        long open = sizes.stream().filter(size -> size == ANY).count();
        if (element == Element.BYTES && open > 1) {
            throw refused(column, info, "bytes do not tell several sizes that may vary");
        }
        if (element == Element.BYTES || depth == sizes.size()) {
            return false;
        }
        boolean known = open == 0;
        if (depth == 0 && known && product(sizes) == 1) {
            return true;
        }
        if (depth == 1 && known) {
            return true;
        }
        throw refused(
                column,
                info,
                "a row's tensor has %d dimensions, and the column's arrays are nested %d deep"
                        .formatted(sizes.size(), depth));
    }

    private static InvalidInputException refused(String column, InputInfo info, String why) {
        return new InvalidInputException(
                "column %s cannot be input %s: %s".formatted(column, info, why));
    }

    private static String name(Element element) {
        return element.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the elements of one row's tensor; {@link #ANY} if that varies. */
    long elements() {
        return sizes.contains(ANY) ? ANY : product(sizes);
    }

    private static long product(List<Long> sizes) {
        return product(sizes.stream().mapToLong(size -> size).toArray());
    }

    static long product(long[] sizes) {
        long product = 1;
        for (long size : sizes) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /** Returns the sizes of a row's tensor, for messages. */
    String shape() {
        return sizes.stream()
                .map(size -> size == ANY ? "?" : Long.toString(size))
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
