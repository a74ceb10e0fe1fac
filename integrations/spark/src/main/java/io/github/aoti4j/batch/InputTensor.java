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
 * One of a model's inputs, as it is for one row.
 *
 * @param column the name of the column that becomes the input, for messages
 * @param description the input, for messages
 * @param dtype the input's
 * @param sizes the input's without the first; {@link #ANY} where it may vary
 */
public record InputTensor(String column, String description, DType dtype, List<Long> sizes)
        implements Serializable {
    /** A size that rows may choose. */
    static final long ANY = -1;

    /** Makes one. */
    public InputTensor {
        sizes = List.copyOf(sizes);
    }

    /**
     * Reads what a package says of an input.
     *
     * @throws InvalidInputException if it does not say enough, or the input has no dimensions
     */
    public static InputTensor of(InputInfo info, String column) {
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
        return new InputTensor(
                column,
                info.toString(),
                dtype,
                dimensions.stream().skip(1).map(d -> d.isFixed() ? d.min() : ANY).toList());
    }

    /**
     * Plans the conversion of a column's values.
     *
     * @param element what the column's elements are
     * @param depth how deep arrays of them are nested: 0 for a number, or for bytes
     * @param rounding whether floating-point values may be rounded to those of the dtype
     * @throws InvalidInputException if such values cannot be the input, naming the column
     */
    public InputPlan plan(Element element, int depth, boolean rounding) {
        Conversion conversion = element.to(dtype);
        if (conversion == Conversion.NONE) {
            throw refused(
                    "its %s values cannot all be %s: cast the column, or give the tensors' bytes"
                            .formatted(name(element), dtype.torchName()));
        }
        if (conversion == Conversion.ROUNDED && !rounding) {
            throw refused(
                    "its %s values would be rounded to %s: cast the column, or allow rounding"
                            .formatted(name(element), dtype.torchName()));
        }
        return new InputPlan(this, element, isFlat(element, depth));
    }

    private boolean isFlat(Element element, int depth) {
        long open = sizes.stream().filter(size -> size == ANY).count();
        if (element == Element.BYTES && open > 1) {
            throw refused("bytes do not tell several sizes that may vary");
        }
        if (element == Element.BYTES || depth == sizes.size()) {
            return false;
        }
        if (open == 0 && (depth == 1 || (depth == 0 && elements() == 1))) {
            return true;
        }
        throw refused(
                "a row's tensor has %d dimensions, and the column's arrays are nested %d deep"
                        .formatted(sizes.size(), depth));
    }

    private InvalidInputException refused(String why) {
        return refused(column, description, why);
    }

    private static InvalidInputException refused(String column, Object input, String why) {
        return new InvalidInputException(
                "column %s cannot be input %s: %s".formatted(column, input, why));
    }

    private static String name(Element element) {
        return element.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the elements of one row's tensor; {@link #ANY} if that varies. */
    long elements() {
        return sizes.contains(ANY) ? ANY : product(sizesOfRow());
    }

    long[] sizesOfRow() {
        return sizes.stream().mapToLong(size -> size).toArray();
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
