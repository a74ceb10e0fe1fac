package io.github.aoti4j.internal.indices;

import java.util.Optional;

/**
 * A check of an index in a generated kernel, {@code AOTI_TORCH_CHECK}.
 *
 * @param isParallel whether it is in a parallel region, where a failing check ends the process
 * @param holds whether it cannot fail
 * @param source the pointer that the index is read from, by its place among the parameters; -1 if
 *     it is computed, or not understood
 * @param index what it checks; empty if that is not understood
 */
public record KernelCheck(
        String kernel,
        String text,
        boolean isParallel,
        boolean holds,
        int source,
        Optional<CheckedIndex> index) {}
