package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Makes threads that inherit nothing from their maker, and knows those of native code.
 *
 * <p>A thread inherits the context class loader and the inheritable thread locals of its maker. In
 * a servlet container these belong to one application, and a thread that lives on keeps all classes
 * of that application in memory.
 */
public final class Threads {
    private Threads() {}

    /**
     * Returns a builder of daemon threads whose context class loader is the system's, and which
     * have no inheritable thread locals.
     */
    public static Thread.Builder.OfPlatform daemon(String name) {
        return Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name(name);
    }

    /** Returns the stack size of a thread that native code starts and says nothing of its stack. */
    public static long nativeStackSize() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(StackGuard.ATTRIBUTES_SIZE, Long.BYTES);
            long at = attributes.address();
            MemorySegment size = arena.allocate(JAVA_LONG);
            // They fail for lack of memory at most, and leave the size at 0 then.
            if ((int) call("pthread_getattr_default_np", at, 0) == 0) {
                long _ = call("pthread_attr_getstacksize", at, size.address());
                long _ = call("pthread_attr_destroy", at, 0);
            }
            return size.get(JAVA_LONG, 0);
        }
    }

    private static long call(String function, long a, long b) {
        return IntegerCall.call(StackGuard.find(function), a, b, 0, 0, 0, 0);
    }
}
