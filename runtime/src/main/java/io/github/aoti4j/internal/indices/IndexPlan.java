package io.github.aoti4j.internal.indices;

import java.util.Arrays;

/**
 * The elements of one input that must be in a range, in numbers: what an {@link IndexRange} comes
 * to for inputs of certain sizes. Belongs to one thread at a time; filling it again allocates
 * nothing.
 */
final class IndexPlan {
    private final IndexRange range;
    private final long[] counts;
    private final long[] strides;

    /** The loops that are left once neighbours have been joined. */
    private int depth;

    private boolean isUsed;
    private boolean isEmpty;
    private long min;
    private long max;

    /** The first element, and the elements with the least and greatest distance from the start. */
    private long first;

    private long lowest;
    private long highest;

    /** How many elements are looked at, some of them maybe several times. */
    private long passes;

    IndexPlan(IndexRange range) {
        this.range = range;
        int loops = range.place().loops().size();
        counts = new long[loops + 1];
        strides = new long[loops + 1];
    }

    IndexRange range() {
        return range;
    }

    /** Whether there is something to check. */
    boolean isUsed() {
        return isUsed && !isEmpty;
    }

    long min() {
        return min;
    }

    long max() {
        return max;
    }

    long first() {
        return first;
    }

    long lowest() {
        return lowest;
    }

    long highest() {
        return highest;
    }

    long passes() {
        return passes;
    }

    /** How many loops there are; at least 1. */
    int depth() {
        return depth;
    }

    /** How many elements a loop passes; loop 0 is the innermost. */
    long count(int loop) {
        return counts[loop];
    }

    /** How far apart they are. */
    long stride(int loop) {
        return strides[loop];
    }

    /**
     * Computes the numbers. Where the model's own arithmetic would overflow, nothing is checked.
     */
    void prepare(long[] slots) {
        try {
            evaluate(slots);
            isUsed = true;
        } catch (ArithmeticException e) {
            isUsed = false;
        }
    }

    private void evaluate(long[] slots) {
        var bounds = range.range();
        min = bounds.min() == null ? Long.MIN_VALUE : bounds.min().toLong(slots);
        max = bounds.max() == null ? Long.MAX_VALUE : bounds.max().toLong(slots);
        var place = range.place();
        first = place.offset().toLong(slots);
        depth = 0;
        isEmpty = false;
        for (int i = place.loops().size() - 1; i >= 0; i--) {
            var loop = place.loops().get(i);
            long step = place.steps().get(i).toLong(slots);
            long start = loop.start().toLong(slots);
            long end = loop.end().toLong(slots);
            if (loop.from() != null) {
                long from = loop.from().toLong(slots);
                long skipped = Math.max(0, Math.subtractExact(from, start));
                start =
                        Math.addExact(
                                start,
                                Math.multiplyExact(
                                        Math.ceilDiv(skipped, loop.step()), loop.step()));
                end = Math.min(end, loop.to().toLong(slots));
            }
            if (start >= end) {
                isEmpty = true;
                return;
            }
            first = Math.addExact(first, Math.multiplyExact(step, start));
            long count = (Math.subtractExact(end, start) - 1) / loop.step() + 1;
            add(count, Math.multiplyExact(step, loop.step()));
        }
        join();
        lowest = first;
        highest = first;
        passes = 1;
        for (int i = 0; i < depth; i++) {
            passes = Math.multiplyExact(passes, counts[i]);
            long extent = Math.multiplyExact(counts[i] - 1, strides[i]);
            lowest = Math.addExact(lowest, Math.min(extent, 0));
            highest = Math.addExact(highest, Math.max(extent, 0));
        }
    }

    /** Adds a loop, in the order of the strides; one that stays at an element needs no pass. */
    private void add(long count, long stride) {
        if (count == 1 || stride == 0) {
            return;
        }
        for (int i = 0; i < depth; i++) {
            if (strides[i] == stride) {
                counts[i] = Math.addExact(counts[i], count - 1);
                return;
            }
        }
        int at = depth++;
        while (at > 0 && Math.abs(strides[at - 1]) > Math.abs(stride)) {
            strides[at] = strides[at - 1];
            counts[at] = counts[at - 1];
            at--;
        }
        strides[at] = stride;
        counts[at] = count;
    }

    /** Makes one loop of two where the outer goes on where the inner ends. */
    private void join() {
        if (depth == 0) {
            counts[0] = 1;
            strides[0] = 1;
            depth = 1;
            return;
        }
        int joined = 0;
        for (int i = 1; i < depth; i++) {
            if (strides[i] == Math.multiplyExact(strides[joined], counts[joined])) {
                counts[joined] = Math.multiplyExact(counts[joined], counts[i]);
            } else {
                joined++;
                strides[joined] = strides[i];
                counts[joined] = counts[i];
            }
        }
        depth = joined + 1;
    }

    /** Whether another one of the same input checks the same elements for the same range. */
    boolean isLike(IndexPlan other) {
        return isUsed()
                && other.isUsed()
                && range.input() == other.range.input()
                && min == other.min
                && max == other.max
                && first == other.first
                && depth == other.depth
                && Arrays.equals(counts, 0, depth, other.counts, 0, depth)
                && Arrays.equals(strides, 0, depth, other.strides, 0, depth);
    }
}
