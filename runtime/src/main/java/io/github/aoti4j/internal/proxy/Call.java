package io.github.aoti4j.internal.proxy;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One thread's place to make calls from: what the model has brought, the stack, a slot. */
final class Call {
    private final MemorySegment slot = Arena.ofAuto().allocate(JAVA_LONG);
    private MemorySegment stack = MemorySegment.NULL;
    private MemorySegment tensors = MemorySegment.NULL;
    private MemorySegment ints = MemorySegment.NULL;
    private int tensor;
    private int integer;

    /** Begins a call. The segments are borrowed. */
    void begin(
            int stackSize, int numInts, MemorySegment ints, int numTensors, MemorySegment tensors) {
        long bytes = stackSize * JAVA_LONG.byteSize();
        if (stack.byteSize() < bytes) {
            stack = Arena.ofAuto().allocate(bytes, JAVA_LONG.byteAlignment());
        }
        this.ints = ints.reinterpret(numInts * JAVA_LONG.byteSize());
        this.tensors = tensors.reinterpret(numTensors * ADDRESS.byteSize());
        this.tensor = 0;
        this.integer = 0;
    }

    /** Eight bytes for a result. */
    MemorySegment slot() {
        return slot;
    }

    MemorySegment stack() {
        return stack;
    }

    MemorySegment nextTensor() {
        return tensors.getAtIndex(ADDRESS, tensor++);
    }

    long nextInt() {
        return ints.getAtIndex(JAVA_LONG, integer++);
    }
}
