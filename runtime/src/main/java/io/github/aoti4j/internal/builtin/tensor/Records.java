package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where the records of tensors come from. */
final class Records {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Records() {}

    static boolean isLive(long tensor) {
        return tensor != 0 && MEMORY.get(JAVA_INT, tensor + Tensors.STATE) == Tensors.LIVE;
    }

    static long take() {
        long tensor = Arena.global().allocate(Tensors.BYTES, 64).address();
        MEMORY.set(JAVA_INT, tensor + Tensors.STATE, Tensors.LIVE);
        return tensor;
    }

    static void give(long tensor) {
        MEMORY.set(JAVA_INT, tensor + Tensors.STATE, Tensors.FREE);
    }
}
