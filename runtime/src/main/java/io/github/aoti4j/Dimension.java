package io.github.aoti4j;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.wrapper.DimensionSpec;

/**
 * One dimension of an input or output, as far as a package says.
 *
 * @param name the name of a size that may vary, such as {@code s77}, or an expression of such
 *     names: dimensions of a model that have the same name have the same size. Empty if the size is
 *     fixed or not known
 * @param min the smallest size, at least 0
 * @param max the largest size, equal to {@code min} if it is fixed; {@link Long#MAX_VALUE} if there
 *     is no bound
 */
public record Dimension(String name, long min, long max) {
    static Dimension of(DimensionSpec dimension) {
        return of(dimension.size(), dimension.min(), dimension.max());
    }

    static Dimension of(SizeExpression size, long min, long max) {
        return size instanceof SizeExpression.Literal(long value)
                ? new Dimension("", value, value)
                : new Dimension(size.text(), min, max);
    }

    /** {@return whether there is only one size} */
    public boolean isFixed() {
        return min == max;
    }

    /**
     * Describes the size.
     *
     * @return for example {@code 10}, {@code s77: 1..1024} or {@code s77}
     */
    @Override
    public String toString() {
        if (isFixed()) {
            return Long.toString(min);
        }
        String shown = name.isEmpty() ? "?" : name;
        return min == 0 && max == Long.MAX_VALUE
                ? shown
                : shown + ": " + min + ".." + (max == Long.MAX_VALUE ? "" : max);
    }
}
