package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * Calls C functions that take up to six integers and pointers and return one or nothing.
 *
 * <p>Linking a shape of arguments costs the first load of a JVM 5 to 8 ms, so one shape serves all.
 * The calling conventions of x86-64 and AArch64 pass the first six in registers of 64 bits: a
 * function reads those that it declares, and of a shorter integer the lower half.
 */
public final class IntegerCall {
    private static final FunctionDescriptor SHAPE =
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private IntegerCall() {}

    /** Looks up a function without linking it, unlike the generated classes. */
    public static MemorySegment find(String function) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(function);
    }

    /** Calls a function. If it returns an int, that is the lower half of the result. */
    public static long call(MemorySegment function) {
        return call(function, 0, 0, 0, 0, 0, 0);
    }

    public static long call(MemorySegment function, long a) {
        return call(function, a, 0, 0, 0, 0, 0);
    }

    public static long call(MemorySegment function, long a, long b) {
        return call(function, a, b, 0, 0, 0, 0);
    }

    public static long call(MemorySegment function, long a, long b, long c) {
        return call(function, a, b, c, 0, 0, 0);
    }

    public static long call(MemorySegment function, long a, long b, long c, long d) {
        return call(function, a, b, c, d, 0, 0);
    }

    public static long call(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Linked.CALL.invokeExact(function, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    /**
     * Links a function without arguments that reads a field, as a handle that returns a long; an
     * int is its lower half. The JVM need not know that the thread is in native code (4 ns), so the
     * collector waits for it.
     */
    public static MethodHandle getter(MemorySegment function) {
        return Linker.nativeLinker()
                .downcallHandle(
                        function, FunctionDescriptor.of(JAVA_LONG), Linker.Option.critical(false));
    }

    /** Returns a handle that makes a call; it refers to classes of the JDK alone. */
    static MethodHandle bound(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        return MethodHandles.insertArguments(Linked.CALL, 0, function, a, b, c, d, e, f);
    }

    /** A result, if it is an int its lower half, and the error if there was one, else 0. */
    record Outcome(long value, int errno) {}

    /**
     * Calls a function that returns -1 on failure; if it fails, again to learn why, and it may
     * succeed this time. What that takes is linked only then.
     */
    static Outcome outcome(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        long value = call(function, a, b, c, d, e, f);
        return (int) value == -1 ? callAgain(function, a, b, c, d, e, f) : new Outcome(value, 0);
    }

    private static Outcome callAgain(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            long value = (long) Explaining.CALL.invokeExact(function, errno, a, b, c, d, e, f);
            return new Outcome(value, (int) value == -1 ? Errno.of(errno) : 0);
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    /**
     * Apart, so that classes which look functions up can be initialized where linking is denied.
     */
    private static final class Linked {
        static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(SHAPE);
    }

    private static final class Explaining {
        static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(SHAPE, Errno.CAPTURE);
    }
}
