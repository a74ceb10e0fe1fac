package io.github.aoti4j;

/** An operator written in Java; see {@link OperatorLibrary}. */
@FunctionalInterface
public interface OperatorFunction {
    /**
     * Computes. Called by the thread that runs the model, in the middle of the run; by several
     * threads at once if several run models that use the operator.
     *
     * <p>It may run models, and its own if that has another runner ({@link
     * ModelOptions#runners(int)}): the run within the run waits for one, and throws {@link
     * IllegalStateException} where that would be for ever. A virtual thread that waits here keeps
     * its carrier, since native code is on its stack. It may close anything but the runner that
     * runs it, and read constants, but not replace those of a model that is running it.
     *
     * <p>Whoever runs a model that calls operators needs 192 KiB of stack left, and gets a {@link
     * StackOverflowError} otherwise: an operator that recurses has what its thread has.
     *
     * <p>An exception ends the run and comes out of {@link Model#run(java.lang.foreign.Arena,
     * Tensor...)} as it was thrown.
     *
     * @param call the arguments; of use until this returns, to this thread
     * @return the result that the schema states: a {@link Tensor}, a list of tensors, a number, a
     *     bool or a string; null for one that is left out ({@code Tensor?}) or where there is none;
     *     a {@link java.util.List} of the results where there are several. A tensor has to have the
     *     shape, dtype and strides that the operator's fake in Python gave, since the model was
     *     compiled for them; it is copied into memory of libtorch's, unless it is from {@link
     *     OperatorCall#empty}
     */
    Object apply(OperatorCall call);
}
