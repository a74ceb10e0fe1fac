package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SymbolTable;

import java.util.ArrayList;
import java.util.List;

/**
 * What a model's generated source says of the indices that it reads from its inputs.
 *
 * @param ranges the ranges that can be checked before a run
 * @param unchecked the checks in kernels for which that is not so
 */
public record IndexChecks(List<IndexRange> ranges, List<Unchecked> unchecked) {
    public static final IndexChecks NONE = new IndexChecks(List.of(), List.of());

    /**
     * Searches a source.
     *
     * @param wrapper the text of the {@code .wrapper.cpp}
     * @param kernels the texts of the {@code .kernel.cpp}
     */
    public static IndexChecks find(String wrapper, List<String> kernels, SymbolTable symbols) {
        List<KernelCheck> checks = new ArrayList<>();
        for (String kernel : kernels) {
            checks.addAll(KernelParser.checks(kernel));
        }
        checks.addAll(KernelParser.checks(wrapper));
        return checks.isEmpty() ? NONE : KernelCalls.find(wrapper, checks, symbols);
    }

    /** Returns the ranges of an input, each once. */
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

    public IndexCheck newCheck() {
        return new IndexCheck(ranges);
    }

    /** Where the index of a check comes from that is left to the kernel. */
    public enum Origin {
        CONSTANT,
        /** Something that the model computes, or that is not understood. */
        COMPUTED
    }

    /**
     * A check that only the kernel makes.
     *
     * @param text what it checks, such as {@code 0 <= tmp2 < 10L}
     * @param endsProcess whether the process ends if it fails
     */
    public record Unchecked(String kernel, String text, boolean endsProcess, Origin origin) {}
}
