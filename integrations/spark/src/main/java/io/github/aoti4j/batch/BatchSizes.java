package io.github.aoti4j.batch;

import io.github.aoti4j.Dimension;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.core.InvalidInputException;

import java.io.Serializable;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many rows a model takes at a time.
 *
 * @param most the rows that are gathered for one run
 * @param least smaller batches are padded to this
 * @param multiple sizes are padded to multiples of this
 */
public record BatchSizes(int most, int least, int multiple) implements Serializable {
    /** {@code 8*s0}: what PyTorch makes of a size that has to be divided by eight. */
    private static final Pattern MULTIPLE = Pattern.compile("(?<factor>\\d{1,6})\\*\\w+");

    /**
     * Reads what a package says of its inputs' first dimensions.
     *
     * @param inputs those that columns become
     * @param wanted the rows that the caller wants in a batch; a package that is compiled for one
     *     size, or for fewer, has its way
     * @throws InvalidInputException if the first dimensions are not the same for all
     */
    public static BatchSizes of(List<InputInfo> inputs, int wanted) {
        Dimension first = null;
        InputInfo of = null;
        for (InputInfo input : inputs) {
            Dimension dimension = input.dimensions().orElseThrow().getFirst();
            if (first == null) {
                first = dimension;
                of = input;
            } else if (!first.equals(dimension)) {
                throw new InvalidInputException(
                        "inputs do not have the same number of rows: %s and %s"
                                .formatted(of, input));
            }
        }
        if (first == null) {
            throw new InvalidInputException("the model has no input that rows could be given to");
        }
        if (first.isFixed()) {
            int size = Math.toIntExact(first.min());
            return new BatchSizes(requirePositive(size, of), size, 1);
        }
        Matcher matcher = MULTIPLE.matcher(first.name());
        int multiple =
                matcher.matches() ? Math.max(1, Integer.parseInt(matcher.group("factor"))) : 1;
        int least = Math.clamp(first.min(), 1, Integer.MAX_VALUE);
        int most = (int) Math.min(Math.max(wanted, least), first.max());
        return new BatchSizes(
                requirePositive(most - (most > multiple ? most % multiple : 0), of),
                least,
                multiple);
    }

    private static int requirePositive(int size, InputInfo of) {
        if (size < 1) {
            throw new InvalidInputException("takes no rows: " + of);
        }
        return size;
    }

    /** Returns the size of the batch that some rows are run as. */
    int of(int rows) {
        int size = Math.max(rows, least);
        int over = size % multiple;
        return over == 0 ? size : size - over + multiple;
    }
}
