package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Compares the elements that a model uses as indices with the ranges that its kernels require
 * ({@link IndexRange}), before it runs: in a kernel of several threads an index out of range ends
 * the process.
 *
 * <p>Keeps the numbers for the sizes of the latest inputs. For one thread at a time. Checking
 * allocates nothing.
 */
public final class IndexCheck {
    private final IndexPlan[] plans;
    private final boolean[] isRepeated;
    private boolean isPrepared;

    IndexCheck(List<IndexRange> ranges) {
        plans = ranges.stream().map(IndexPlan::new).toArray(IndexPlan[]::new);
        isRepeated = new boolean[plans.length];
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
        for (IndexPlan plan : plans) {
            plan.checkPositions();
        }
        isPrepared = true;
    }

    /** Returns whether {@link #prepare} has succeeded since it was last called. */
    public boolean isPrepared() {
        return isPrepared;
    }

    /** Returns whether the elements of an input are in range. */
    public boolean accepts(int input, MemorySegment elements) {
        for (int i = 0; i < plans.length; i++) {
            if (plans[i].isUsedFor(input) && !isRepeated[i] && !plans[i].accepts(elements)) {
                return false;
            }
        }
        return true;
    }

    /** Explains why {@link #accepts} returned false. */
    public InvalidInputException refusal(
            int input, String label, MemorySegment elements, long[] shape, long[] elementStrides) {
        for (IndexPlan plan : plans) {
            if (plan.isUsedFor(input) && !plan.accepts(elements)) {
                long place = plan.find(elements);
                // Another thread may have changed it meanwhile.
                String found =
                        place < 0
                                ? "had an index out of range"
                                : "has %d at %s"
                                        .formatted(
                                                plan.get(elements, place),
                                                position(place, shape, elementStrides));
                return new InvalidInputException(
                        "%s %s, but the model takes %s".formatted(label, found, plan.range()));
            }
        }
        return new InvalidInputException(label + " had an index out of range");
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
