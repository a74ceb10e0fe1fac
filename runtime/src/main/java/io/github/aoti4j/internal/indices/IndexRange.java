package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;

import java.util.List;
import java.util.OptionalLong;

/**
 * A range that elements of an input must be in for the model to run, or that its sizes must keep an
 * index in. The symbols in the expressions are those of the wrapper source.
 *
 * <p>In a {@link KernelCheck} a parameter of the kernel takes the input's place, and the symbols
 * are parameters: a symbol's slot is the parameter's index.
 *
 * @param input -1 if the index depends on sizes only
 * @param type null without an input
 * @param place which elements, by their distance from the first in memory; without an input, the
 *     indices themselves
 */
public record IndexRange(int input, DType type, Range range, Region place) {
    /** The integers from {@code min} to {@code max}; null where there is no bound. */
    record Range(SizeExpression min, SizeExpression max) {}

    /**
     * The elements that a nest of loops passes: {@code offset + steps[0]*x0 + steps[1]*x1 + …}.
     *
     * @param steps for each loop, how far apart the elements of neighbouring {@code x} are
     */
    record Region(SizeExpression offset, List<SizeExpression> steps, List<KernelLoop> loops) {}

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
