package io.github.aoti4j.bindings;

import io.github.aoti4j.bindings.generated.libc.Libc;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The reason why a function of the C library failed. The JVM may overwrite {@code errno} between
 * two calls, so the functions that it matters for are linked to save it.
 */
final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EINVAL = 22;

    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle VALUE =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private Errno() {}

    /** Links a function to take, before its own arguments, the memory that {@link #of} reads. */
    static MethodHandle link(MemorySegment address, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(address, descriptor, CAPTURE);
    }

    /**
     * Links a variadic function.
     *
     * @param fixed how many of its arguments the function names
     */
    static MethodHandle linkVariadic(
            MemorySegment address, FunctionDescriptor descriptor, int fixed) {
        return Linker.nativeLinker()
                .downcallHandle(
                        address, descriptor, Linker.Option.firstVariadicArg(fixed), CAPTURE);
    }

    static MemorySegment state(Arena arena) {
        return arena.allocate(STATE);
    }

    static int of(MemorySegment state) {
        return (int) VALUE.get(state, 0L);
    }

    /** The C library's words for it. */
    static String message(int errno) {
        try (Arena arena = Arena.ofConfined()) {
            long size = 256;
            return Libc.strerror_r(errno, arena.allocate(size), size).getString(0);
        }
    }

    /** What came out of a handle's invocation, to be thrown: a downcall throws nothing checked. */
    static RuntimeException rethrown(Throwable e) {
        switch (e) {
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            default -> throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
