package io.github.aoti4j.internal.indices;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Compares the elements that a model uses as indices with the ranges that its kernels demand
 * ({@link IndexRange}), before it runs: in a kernel of several threads an index out of range ends
 * the process.
 *
 * <p>Holds the numbers for the sizes of the latest inputs, and belongs to one thread at a time.
 * Checking allocates nothing.
 */
public final class IndexCheck {
    /** How often loops may look at an element; far more than those of a kernel do. */
    private static final int MAX_REPEATS = 16;

    private final IndexPlan[] plans;
    private final boolean[] isRepeated;

    private boolean isPrepared;

    /** Where each loop of a plan is. */
    private final long[] at;

    /** Makes a check. */
    IndexCheck(List<IndexRange> ranges) {
        plans = ranges.stream().map(IndexPlan::new).toArray(IndexPlan[]::new);
        isRepeated = new boolean[plans.length];
        int deepest = 1;
        for (IndexRange range : ranges) {
            deepest = Math.max(deepest, range.place().loops().size());
        }
        at = new long[deepest];
    }

    /**
     * Computes what is to be checked for inputs of certain sizes, and checks the indices that
     * depend on nothing else.
     *
     * @throws InvalidInputException if one of those is out of range
     */
    public void prepare(long[] slots) {
        isPrepared = false;
        for (int i = 0; i < plans.length; i++) {
            plans[i].prepare(slots);
            isRepeated[i] = false;
            for (int j = 0; j < i && !isRepeated[i]; j++) {
                isRepeated[i] = plans[i].isLike(plans[j]);
            }
        }
        checkSizes();
        isPrepared = true;
    }

    /**
     * Returns whether {@link #prepare} has succeeded since it was last called: whether this is
     * ready.
     */
    public boolean isPrepared() {
        return isPrepared;
    }

    private void checkSizes() {
        for (IndexPlan plan : plans) {
            if (plan.range().input() < 0
                    && plan.isUsed()
                    && (plan.lowest() < plan.min() || plan.highest() > plan.max())) {
                throw new InvalidInputException(
                        "inputs of these sizes make the model use positions from %d to %d, but it has only those %s: give smaller ones"
                                .formatted(plan.lowest(), plan.highest(), range(plan)));
            }
        }
    }

    /** Returns whether the elements of an input are in range: whether they are. */
    public boolean accepts(int input, MemorySegment elements) {
        for (int i = 0; i < plans.length; i++) {
            if (plans[i].range().input() == input
                    && !isRepeated[i]
                    && plans[i].isUsed()
                    && !accepts(plans[i], elements)) {
                return false;
            }
        }
        return true;
    }

    /** Explains why {@link #accepts} returned false. */
    public InvalidInputException refusal(
            int input, String label, MemorySegment elements, long[] shape, long[] elementStrides) {
        for (IndexPlan plan : plans) {
            if (plan.range().input() == input && plan.isUsed() && !accepts(plan, elements)) {
                long place = find(plan, elements);
                // Another thread may have changed it meanwhile.
                String found =
                        place < 0
                                ? "had an index out of range"
                                : "has %d at %s"
                                        .formatted(
                                                get(elements, plan.range().type(), place),
                                                position(place, shape, elementStrides));
                return new InvalidInputException(
                        "%s %s, but the model takes %s".formatted(label, found, range(plan)));
            }
        }
        return new InvalidInputException(label + " had an index out of range");
    }

    private static String range(IndexPlan plan) {
        if (plan.min() > plan.max()) {
            return "no index, since what it looks up is empty";
        }
        return plan.min() == Long.MIN_VALUE
                ? "at most " + plan.max()
                : plan.max() == Long.MAX_VALUE
                        ? "at least " + plan.min()
                        : plan.min() + " to " + plan.max();
    }

    private boolean accepts(IndexPlan plan, MemorySegment elements) {
        return !isWithin(plan, elements) || walk(plan, elements, false) < 0;
    }

    private long find(IndexPlan plan, MemorySegment elements) {
        return walk(plan, elements, true);
    }

    /** Whether the elements are in the memory: otherwise the source is not this model's. */
    private static boolean isWithin(IndexPlan plan, MemorySegment elements) {
        long count = elements.byteSize() / plan.range().type().byteSize();
        return plan.lowest() >= 0 && plan.highest() < count && plan.passes() / MAX_REPEATS <= count;
    }

    /** Returns a place that is out of range, or the start of a row that has one; -1 if none is. */
    private long walk(IndexPlan plan, MemorySegment elements, boolean exactly) {
        int depth = plan.depth();
        long place = plan.first();
        for (int i = 1; i < depth; i++) {
            at[i] = 0;
        }
        while (true) {
            long found = row(plan, elements, place, exactly);
            if (found >= 0) {
                return found;
            }
            int loop = 1;
            while (loop < depth && ++at[loop] == plan.count(loop)) {
                place -= (plan.count(loop) - 1) * plan.stride(loop);
                at[loop] = 0;
                loop++;
            }
            if (loop >= depth) {
                return -1;
            }
            place += plan.stride(loop);
        }
    }

    /** The innermost loop. */
    private static long row(IndexPlan plan, MemorySegment elements, long place, boolean exactly) {
        long count = plan.count(0);
        long stride = plan.stride(0);
        long min = plan.min();
        long max = plan.max();
        var type = plan.range().type();
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
                type == IndexType.INT64
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

    private static long get(MemorySegment elements, IndexType type, long place) {
        return switch (type) {
            case INT64 -> elements.get(JAVA_LONG_UNALIGNED, place * 8);
            case INT32 -> elements.get(JAVA_INT_UNALIGNED, place * 4);
            case INT16 -> elements.get(JAVA_SHORT_UNALIGNED, place * 2);
            case INT8 -> elements.get(JAVA_BYTE, place);
            case UINT8 -> elements.get(JAVA_BYTE, place) & 0xFF;
        };
    }

    /** {@code [0, 5]}: the coordinates of an element by its distance from the first. */
    private static String position(long place, long[] shape, long[] elementStrides) {
        long[] coordinates = new long[shape.length];
        boolean[] done = new boolean[shape.length];
        long rest = place;
        for (int round = 0; round < shape.length; round++) {
            int widest = -1;
            for (int d = 0; d < shape.length; d++) {
                if (!done[d] && (widest < 0 || elementStrides[d] > elementStrides[widest])) {
                    widest = d;
                }
            }
            done[widest] = true;
            if (elementStrides[widest] > 0) {
                coordinates[widest] =
                        Math.min(rest / elementStrides[widest], Math.max(0, shape[widest] - 1));
                rest -= coordinates[widest] * elementStrides[widest];
            }
        }
        return Arrays.toString(coordinates);
    }
}
