package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** Reads and writes memory by address. That it is there is the caller's word. */
final class Raw {
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    // Handles save a level of calls, of which the compiler inlines 15; layouts without alignment
    // save a check of each access.
    private static final VarHandle LONG = JAVA_LONG_UNALIGNED.varHandle();
    private static final VarHandle INT = JAVA_INT_UNALIGNED.varHandle();
    private static final VarHandle ATOMIC = JAVA_LONG.varHandle();

    private Raw() {}

    static long getLong(long address) {
        return (long) LONG.get(MEMORY, address);
    }

    static void setLong(long address, long value) {
        LONG.set(MEMORY, address, value);
    }

    static int getInt(long address) {
        return (int) INT.get(MEMORY, address);
    }

    static void setInt(long address, int value) {
        INT.set(MEMORY, address, value);
    }

    static long getAcquire(long address) {
        return (long) ATOMIC.getAcquire(MEMORY, address);
    }

    /** Adds atomically; returns what was there before. */
    static long getAndAdd(long address, long value) {
        return (long) ATOMIC.getAndAdd(MEMORY, address, value);
    }
}
