package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** Native memory by address. That it is there is the caller's word; no object is made. */
public final class RawMemory {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private RawMemory() {}

    /** Reads one of an array of int64 values. */
    public static long at(long address, int index) {
        return MEMORY.get(JAVA_LONG, address + (long) index * Long.BYTES);
    }

    /** Copies an array of int64 values. */
    public static long[] longs(long address, int count) {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = at(address, i);
        }
        return values;
    }

    /** Copies bytes. */
    public static void copy(long address, MemorySegment target, long bytes) {
        MemorySegment.copy(MEMORY, address, target, 0, bytes);
    }
}
