package io.github.aoti4j.internal.operators;

import java.lang.foreign.MemorySegment;

/** What an operator written in Java does, on the values as libtorch passes them. */
@FunctionalInterface
public interface JavaKernel {
    /**
     * Computes.
     *
     * @param slot eight bytes of scratch
     * @return the bits of each result, which are the caller's
     */
    long[] apply(long[] arguments, MemorySegment slot);
}
