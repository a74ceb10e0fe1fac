package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

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

    private static final MethodHandle CALL =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, ADDRESS));

    private static final MemorySegment GET =
            Linker.nativeLinker().defaultLookup().findOrThrow("fegetenv");
    private static final MemorySegment SET =
            Linker.nativeLinker().defaultLookup().findOrThrow("fesetenv");

    private FloatingPoint() {}

    /** Saves this thread's environment. */
    static MemorySegment save(Arena arena) {
        MemorySegment state = arena.allocate(SIZE, Long.BYTES);
        call(GET, state);
        return state;
    }

    static void restore(MemorySegment state) {
        call(SET, state);
    }

    private static void call(MemorySegment function, MemorySegment state) {
        try {
            // Neither fails on these processors.
            int _ = (int) CALL.invokeExact(function, state);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
