package io.github.aoti4j.internal.indices;

import java.util.ArrayList;
import java.util.List;

/**
 * What a model's generated source says of the indices that it reads from its inputs.
 *
 * @param ranges the ranges that can be checked before a run
 * @param unchecked the checks in kernels for which that is not so
 */
public record IndexChecks(List<IndexRange> ranges, List<Unchecked> unchecked) {
    /** A source without checks. */
    public static final IndexChecks NONE = new IndexChecks(List.of(), List.of());

    /** Returns the ranges of an input. */
    public List<IndexRange> rangesOf(int input) {
        List<IndexRange> found = new ArrayList<>();
        for (IndexRange range : ranges) {
            if (range.input() == input
                    && found.stream().noneMatch(other -> other.range().equals(range.range()))) {
                found.add(range);
            }
        }
        return found;
    }

    /** Makes what checks the ranges, for one thread at a time. */
    public IndexCheck newCheck() {
        return new IndexCheck(ranges);
    }

    /** Where the index of a check comes from that is left to the kernel. */
    public enum Origin {
        /** A constant of the model. */
        CONSTANT,
        /** Something that the model computes, or that is not understood. */
        COMPUTED
    }

    /**
     * A check that only the kernel makes.
     *
     * @param text what it checks, such as {@code 0 <= tmp2 < 10L}
     * @param endsProcess whether the process ends if it fails
     * @param origin where the index comes from
     */
    public record Unchecked(String kernel, String text, boolean endsProcess, Origin origin) {}
}
