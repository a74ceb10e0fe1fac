package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * The reason why a function of the C library failed. The JVM may overwrite {@code errno} between
 * two calls, so some functions are linked to save it.
 */
public final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EINVAL = 22;

    /** Links a function to take, before its own arguments, the memory that {@link #of} reads. */
    static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long OFFSET =
            STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private Errno() {}

    static MemorySegment state(Arena arena) {
        return arena.allocate(STATE);
    }

    static int of(MemorySegment state) {
        return state.get(ValueLayout.JAVA_INT, OFFSET);
    }

    /** Returns the C library's words for an error. */
    static String message(int errno) {
        try (Arena arena = Arena.ofConfined()) {
            long size = 256;
            return Libc.strerror_r(errno, arena.allocate(size), size).getString(0);
        }
    }

    /** Returns what an invocation of a downcall threw, to be thrown: nothing checked. */
    public static RuntimeException rethrown(Throwable e) {
        switch (e) {
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            default -> throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
