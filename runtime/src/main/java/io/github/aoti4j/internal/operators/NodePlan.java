package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.TorchExecutor;

import java.lang.foreign.MemorySegment;

/** How to make one of a model's calls: compiled once, and used by any number of threads. */
sealed interface NodePlan permits DispatchedNode, ExecutedNode {
    /** Notes that a loaded model makes this call, until {@link #release}. */
    default void retain() {}

    default void release() {}

    /**
     * Makes the call; the failure of an operator in Java is kept in the thread.
     *
     * @param executor null if no call of the model needs one
     */
    void run(
            TorchExecutor executor,
            OperatorThread thread,
            Call call,
            int numInts,
            MemorySegment ints,
            int numTensors,
            MemorySegment tensors);
}
