package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls functions of the C library that take up to six integers and pointers and return one.
 *
 * <p>A shape of arguments that is linked costs the first load of a JVM milliseconds, so here is one
 * for all. The calling conventions of x86-64 and AArch64 hand the first six over in registers of 64
 * bits: a function looks at those that it declares, and of a shorter integer at the lower half.
 */
final class IntegerCall {
    private static final FunctionDescriptor SHAPE =
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private IntegerCall() {}

    /** Looks a function up, without linking it as the generated classes do. */
    static MemorySegment find(String function) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(function);
    }

    /** Calls a function. An int is the lower half of what is returned. */
    static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Linked.CALL.invokeExact(function, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    /**
     * What a function returns, and why it failed if that means failure.
     *
     * @param value if it is an int, the lower half
     */
    record Outcome(long value, int errno) {}

    /**
     * Calls a function again that has failed, to learn why; it may succeed this time. What that
     * takes is linked only now.
     */
    static Outcome callAgain(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            long value = (long) Explaining.CALL.invokeExact(function, errno, a, b, c, d, e, f);
            return new Outcome(value, Errno.of(errno));
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    /** Apart, so that classes which look functions up initialize where linking is denied. */
    private static final class Linked {
        static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(SHAPE);
    }

    private static final class Explaining {
        static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(SHAPE, Errno.CAPTURE);
    }
}
