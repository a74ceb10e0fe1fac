package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.indices.CheckedIndex.Range;
import io.github.aoti4j.internal.indices.CheckedIndex.Region;

import java.util.OptionalLong;

/**
 * A range that elements of an input must be in for the model to run, or that its sizes must keep an
 * index in. The symbols in the expressions are those of the wrapper source.
 *
 * @param input -1 if the index depends on sizes only
 * @param type null without an input
 * @param place which elements, by their distance from the first in memory; without an input, the
 *     indices themselves
 */
public record IndexRange(int input, IndexType type, Range range, Region place) {
    /** Returns the range as text, such as {@code -10 to 9}. */
    public String text() {
        if (range.min() == null) {
            return "at most " + range.max().text();
        }
        if (range.max() == null) {
            return "at least " + range.min().text();
        }
        return range.min().text() + " to " + range.max().text();
    }

    /** Returns the least value that passes; empty if there is none, or if it depends on sizes. */
    public OptionalLong min() {
        return number(range.min());
    }

    /**
     * Returns the greatest value that passes; empty if there is none, or if it depends on sizes.
     */
    public OptionalLong max() {
        return number(range.max());
    }

    private static OptionalLong number(SizeExpression bound) {
        return bound instanceof Literal(long value) ? OptionalLong.of(value) : OptionalLong.empty();
    }
}
