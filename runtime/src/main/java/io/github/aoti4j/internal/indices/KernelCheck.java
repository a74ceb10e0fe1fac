package io.github.aoti4j.internal.indices;

import java.util.Optional;

/**
 * A check of an index in a generated kernel, {@code AOTI_TORCH_CHECK}, that can fail.
 *
 * @param isParallel whether it is in a parallel region, where a failing check ends the process
 * @param source the parameter that the index is read from; -1 if it is computed, or not understood
 * @param index what it checks; empty if that is not understood
 */
record KernelCheck(
        String kernel, String text, boolean isParallel, int source, Optional<IndexRange> index) {}
