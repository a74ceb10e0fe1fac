package io.github.aoti4j;

/**
 * A check of an index that only a kernel of the model makes, while it runs: it is not known before
 * the run which elements of the inputs, if any, decide it.
 *
 * @param kernel the kernel
 * @param expression what it says, such as {@code index out of bounds: 0 <= tmp2 < 10L}
 * @param endsProcess whether the process ends if the index is out of range, because the kernel runs
 *     on several threads; otherwise the run fails
 * @param ofConstant whether the index stands in a constant of the model
 */
public record UncheckedIndex(
        String kernel, String expression, boolean endsProcess, boolean ofConstant) {}
