package io.github.aoti4j;

import io.github.aoti4j.core.OperatorException;

/** An operator written in Java; see {@link OperatorLibrary}. */
@FunctionalInterface
public interface OperatorFunction {
    /**
     * Computes. Called by the thread that runs the model, in the middle of the run; by several
     * threads at once if several run models that use the operator.
     *
     * <p>It may run models, and its own if that has another runner ({@link
     * ModelOptions#runners(int)}): the run within the run waits for one, and throws {@link
     * IllegalStateException} where that would be for ever. It may close anything but the runner
     * that runs it, and read constants, but not replace those of a model that is running it.
     *
     * <p>A virtual thread that waits here, for a lock, a queue, a future or a sleep, keeps its
     * carrier thread, since native code is on its stack, and the JVM does not add another carrier.
     * When as many wait as there are carriers (the number of processors, or {@code
     * -Djdk.virtualThreadScheduler.parallelism}; {@code maxPoolSize} does not help), no virtual
     * thread of the JVM runs: if one of them is to end the wait, that is a deadlock. So an operator
     * that waits for other threads should be run from platform threads, or wait for platform
     * threads only. The JVM's event {@code jdk.VirtualThreadPinned} shows such waits.
     *
     * <p>A run of a model that calls operators needs 192 KiB of free stack, and throws {@link
     * StackOverflowError} otherwise; an operator that recurses has the rest of its thread's stack.
     *
     * <p>An exception ends the run and is thrown by {@link Model#run(java.lang.foreign.Arena,
     * Tensor...)} as it was thrown.
     *
     * @param call the arguments; of use until this returns, to this thread
     * @return the result that the schema states: a {@link Tensor}, a list of tensors, a number, a
     *     bool or a string; null for one that is left out ({@code Tensor?}) or where there is none;
     *     a {@link java.util.List} of the results where there are several. A tensor has to have the
     *     shape and dtype that the operator's fake in Python returned, since the model was compiled
     *     for them: the run fails with an {@link OperatorException} otherwise, before the model
     *     sees the result. It is copied into memory of libtorch, unless it is from {@link
     *     OperatorCall#empty} and has the strides that the model was compiled for
     */
    Object apply(OperatorCall call);
}
