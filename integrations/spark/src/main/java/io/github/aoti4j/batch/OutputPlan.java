package io.github.aoti4j.batch;

import io.github.aoti4j.Dimension;
import io.github.aoti4j.OutputInfo;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How one of a model's outputs becomes a column's values.
 *
 * @param index the output, in call order
 * @param column the column's name, for messages
 * @param element what the column's elements are
 * @param depth how deep arrays are nested in the column. 0 is a number, of outputs with one element
 *     for each row; 1 is an array, of outputs of any shape
 */
public record OutputPlan(int index, String column, Element element, int depth)
        implements Serializable {
    /**
     * Plans an output whose column is as the package says: a number or an array for each row, of
     * numbers that hold all values.
     *
     * @throws InvalidInputException if the package does not say, or there are no such numbers
     */
    public static OutputPlan of(int index, OutputInfo info, String column) {
        DType dtype = info.dtype().orElseThrow(() -> unknown(column, info, "its dtype"));
        List<Dimension> dimensions =
                info.dimensions()
                        .orElseThrow(() -> unknown(column, info, "how many dimensions it has"));
        Element element =
                Element.of(dtype)
                        .orElseThrow(
                                () ->
                                        refused(
                                                column,
                                                info,
                                                "no column holds %s: state that it is binary"
                                                        .formatted(dtype.torchName())));
        if (dimensions.isEmpty()) {
            throw refused(column, info, "it has no dimension for the rows of a batch");
        }
        return new OutputPlan(index, column, element, dimensions.size() - 1);
    }

    /**
     * Plans an output whose column's type is stated.
     *
     * @throws InvalidInputException if the package says something else
     */
    public static OutputPlan stated(
            int index, Optional<OutputInfo> info, String column, Element element, int depth) {
        OutputPlan plan = new OutputPlan(index, column, element, depth);
        info.flatMap(OutputInfo::dtype).ifPresent(plan::requireHolds);
        info.flatMap(OutputInfo::dimensions).ifPresent(d -> plan.requireDepth(d.size() - 1));
        return plan;
    }

    void requireHolds(DType dtype) {
        if (!element.holds(dtype)) {
            throw new InvalidInputException(
                    "column %s cannot be output %d: not all %s values are %s"
                            .formatted(
                                    column,
                                    index,
                                    dtype.torchName(),
                                    element.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** One element for a number is checked when there is an output. */
    void requireDepth(int rank) {
        if (element != Element.BYTES && depth > 1 && depth != rank) {
            throw new InvalidInputException(
                    "column %s cannot be output %d: a row's tensor has %d dimensions, and the column's arrays are nested %d deep"
                            .formatted(column, index, rank, depth));
        }
    }

    private static InvalidInputException unknown(String column, OutputInfo info, String what) {
        return refused(
                column, info, "the package does not say " + what + ": state the column's type");
    }

    private static InvalidInputException refused(String column, OutputInfo info, String why) {
        return new InvalidInputException(
                "column %s cannot be output %s: %s".formatted(column, info, why));
    }
}
