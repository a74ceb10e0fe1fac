package io.github.aoti4j.internal.indices;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The elements of one input that must be in a range: an {@link IndexRange} in numbers, for inputs
 * of certain sizes. For one thread at a time; allocates nothing once it is made.
 */
final class IndexPlan {
    /** How often loops may look at an element; far more than those of a kernel do. */
    private static final int MAX_REPEATS = 16;

    private final int input;
    private final IndexRange range;

    /** By loop, from the innermost: how many elements it passes, and how far apart they are. */
    private final long[] counts;

    private final long[] strides;

    /** By loop: its current pass. */
    private final long[] passes;

    /** The loops that are left once neighbours have been joined; at least 1. */
    private int depth;

    private boolean isUsed;
    private long min;
    private long max;

    /** The first element, and the elements with the least and greatest distance from the start. */
    private long first;

    private long lowest;
    private long highest;

    /** How many elements are looked at, some of them maybe several times. */
    private long total;

    IndexPlan(IndexRange range) {
        this.range = range;
        input = range.input();
        int loops = range.place().loops().size();
        counts = new long[loops + 1];
        strides = new long[loops + 1];
        passes = new long[loops + 1];
    }

    /** Whether there are elements of this input to check. */
    boolean isUsedFor(int someInput) {
        return isUsed && input == someInput;
    }

    /** Checks positions that depend on sizes only. */
    void checkPositions() {
        if (isUsedFor(-1) && (lowest < min || highest > max)) {
            throw new InvalidInputException(
                    "inputs of these sizes make the model use positions from %d to %d, but it has only those %s: give smaller ones"
                            .formatted(lowest, highest, range()));
        }
    }

    String range() {
        if (min > max) {
            return "no index, since what it looks up is empty";
        }
        return min == Long.MIN_VALUE
                ? "at most " + max
                : max == Long.MAX_VALUE ? "at least " + min : min + " to " + max;
    }

    /**
     * Computes the numbers. Where the model's own arithmetic would overflow, nothing is checked.
     */
    void prepare(long[] slots) {
        try {
            isUsed = evaluate(slots);
        } catch (ArithmeticException e) {
            isUsed = false;
        }
    }

    /** Returns false if there are no elements. */
    private boolean evaluate(long[] slots) {
        var bounds = range.range();
        min = bounds.min() == null ? Long.MIN_VALUE : bounds.min().toLong(slots);
        max = bounds.max() == null ? Long.MAX_VALUE : bounds.max().toLong(slots);
        var place = range.place();
        first = place.offset().toLong(slots);
        depth = 0;
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
                return false;
            }
            first = Math.addExact(first, Math.multiplyExact(step, start));
            long count = (Math.subtractExact(end, start) - 1) / loop.step() + 1;
            add(count, Math.multiplyExact(step, loop.step()));
        }
        join();
        lowest = first;
        highest = first;
        total = 1;
        for (int i = 0; i < depth; i++) {
            total = Math.multiplyExact(total, counts[i]);
            long extent = Math.multiplyExact(counts[i] - 1, strides[i]);
            lowest = Math.addExact(lowest, Math.min(extent, 0));
            highest = Math.addExact(highest, Math.max(extent, 0));
        }
        return true;
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

    /** Whether another one checks the same elements for the same range. */
    boolean isLike(IndexPlan other) {
        return isUsed
                && other.isUsedFor(input)
                && min == other.min
                && max == other.max
                && first == other.first
                && depth == other.depth
                && Arrays.equals(counts, 0, depth, other.counts, 0, depth)
                && Arrays.equals(strides, 0, depth, other.strides, 0, depth);
    }

    /** Accepts memory that is too small: then the source is not this model's. */
    boolean accepts(MemorySegment elements) {
        long count = elements.byteSize() / range.type().byteSize();
        boolean isWithin = lowest >= 0 && highest < count && total / MAX_REPEATS <= count;
        return !isWithin || walk(elements, false) < 0;
    }

    /** The place of an element that is out of range, by its distance from the first; or -1. */
    long find(MemorySegment elements) {
        return walk(elements, true);
    }

    /** Returns a place that is out of range, or the start of a row that has one; -1 if none is. */
    private long walk(MemorySegment elements, boolean exactly) {
        long place = first;
        Arrays.fill(passes, 0);
        while (true) {
            long found = row(elements, place, exactly);
            if (found >= 0) {
                return found;
            }
            int loop = 1;
            while (loop < depth && ++passes[loop] == counts[loop]) {
                place -= (counts[loop] - 1) * strides[loop];
                passes[loop] = 0;
                loop++;
            }
            if (loop >= depth) {
                return -1;
            }
            place += strides[loop];
        }
    }

    /** The innermost loop. */
    private long row(MemorySegment elements, long place, boolean exactly) {
        long count = counts[0];
        long stride = strides[0];
        long min = this.min;
        long max = this.max;
        var type = range.type();
        // Differences of numbers that are closer than that show by their sign what is out of range.
        boolean isNarrow = min <= max && max - min >= 0;
        if (exactly || !isNarrow || stride != 1 || type.byteSize() < 4) {
            for (long i = 0; i < count; i++) {
                long value = get(elements, type, place + i * stride);
                if (value < min || value > max) {
                    return place + i * stride;
                }
            }
            return -1;
        }
        boolean good =
                type == DType.INT64
                        ? areWithin64(elements, place * 8, count, min, max)
                        : areWithin32(elements, place * 4, count, min, max);
        return good ? -1 : place;
    }

    /** Vectorized by the JVM's compiler. */
    private static boolean areWithin64(
            MemorySegment elements, long offset, long count, long min, long max) {
        long signs = 0;
        for (long i = 0; i < count; i++) {
            long value = elements.get(JAVA_LONG_UNALIGNED, offset + i * 8);
            signs |= (value - min) | (max - value);
        }
        return signs >= 0;
    }

    private static boolean areWithin32(
            MemorySegment elements, long offset, long count, long min, long max) {
        long signs = 0;
        for (long i = 0; i < count; i++) {
            long value = elements.get(JAVA_INT_UNALIGNED, offset + i * 4);
            signs |= (value - min) | (max - value);
        }
        return signs >= 0;
    }

    long get(MemorySegment elements, long place) {
        return get(elements, range.type(), place);
    }

    private static long get(MemorySegment elements, DType type, long place) {
        return switch (type) {
            case INT64 -> elements.get(JAVA_LONG_UNALIGNED, place * 8);
            case INT32 -> elements.get(JAVA_INT_UNALIGNED, place * 4);
            case INT16 -> elements.get(JAVA_SHORT_UNALIGNED, place * 2);
            case INT8 -> elements.get(JAVA_BYTE, place);
            default -> elements.get(JAVA_BYTE, place) & 0xFF;
        };
    }
}
