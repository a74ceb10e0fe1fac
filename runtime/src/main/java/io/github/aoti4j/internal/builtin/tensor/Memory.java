package io.github.aoti4j.internal.builtin.tensor;

import java.lang.foreign.Arena;

/** Memory for tensors and scratch space, 64-byte aligned, from this thread's current pool. */
public final class Memory {
    private Memory() {}

    /**
     * Takes a block.
     *
     * @return its address; {@link #give} gives it back
     * @throws BuiltInFailure if there is no memory
     */
    public static long take(long bytes) {
        return Arena.global().allocate(Math.max(1, bytes), 64).address();
    }

    /** Gives a block back. */
    public static void give(long block) {
        // to come
    }
}
