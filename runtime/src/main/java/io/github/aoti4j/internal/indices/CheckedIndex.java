package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;

/**
 * The elements that a check of a kernel is about, and their range. A symbol's slot is the index of
 * the kernel's parameter that it stands for.
 *
 * @param parameter the pointer that the elements are read from; -1 if the numbers of {@code place}
 *     are checked themselves
 * @param type what it points to; null without one
 */
record CheckedIndex(int parameter, IndexType type, Range range, Region place) {
    /** The integers from {@code min} to {@code max}; null where there is no bound. */
    record Range(SizeExpression min, SizeExpression max) {}

    /**
     * The elements that a nest of loops passes: {@code offset + steps[0]*x0 + steps[1]*x1 + …}.
     *
     * @param steps for each loop, how far apart the elements of neighbouring {@code x} are
     */
    record Region(SizeExpression offset, List<SizeExpression> steps, List<KernelLoop> loops) {}
}
