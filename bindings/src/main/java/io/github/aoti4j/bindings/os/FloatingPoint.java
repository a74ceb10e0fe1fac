package io.github.aoti4j.bindings.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A thread's floating-point environment, saved while native code runs that may change it.
 *
 * <p>GCC links libraries compiled with {@code -ffast-math} (before GCC 13 shared ones too) with a
 * constructor that makes the thread which loads them flush subnormal numbers to zero. Java's
 * arithmetic in that thread would then be wrong, silently: the JVM corrects it after {@link
 * System#load}, but not after our {@code dlopen}.
 */
final class FloatingPoint {
    /** {@code fenv_t} has 32 bytes on x86-64, and 8 on AArch64. */
    private static final long SIZE = 64;

    private static final MemorySegment GET = IntegerCall.find("fegetenv");
    private static final MemorySegment SET = IntegerCall.find("fesetenv");

    private FloatingPoint() {}

    /** Saves this thread's environment. */
    static MemorySegment save(Arena arena) {
        MemorySegment state = arena.allocate(SIZE, Long.BYTES);
        // Neither fails on these processors.
        long _ = IntegerCall.call(GET, state.address());
        return state;
    }

    static void restore(MemorySegment state) {
        long _ = IntegerCall.call(SET, state.address());
    }
}
