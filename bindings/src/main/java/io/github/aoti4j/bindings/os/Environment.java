package io.github.aoti4j.bindings.os;

import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The environment that native code sees; {@link System#getenv} keeps showing the one the JVM was
 * started with.
 */
public final class Environment {
    private Environment() {}

    /** Sets a variable for native code of this process. */
    public static void set(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = IntegerCall.find("setenv");
            long key = arena.allocateFrom(name).address();
            if ((int) IntegerCall.call(set, key, arena.allocateFrom(value).address(), 1) != 0) {
                throw new NativeException("setenv", "cannot set " + name);
            }
        }
    }

    /** Removes a variable for native code of this process. */
    public static void remove(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment unset = IntegerCall.find("unsetenv");
            // It fails for impossible names only.
            long _ = IntegerCall.call(unset, arena.allocateFrom(name).address());
        }
    }
}
