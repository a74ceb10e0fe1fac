package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.FastTensorApi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One thread's buffers for a call: what the model has passed, the stack, a slot. */
final class Call {
    private final MemorySegment slot = Arena.ofAuto().allocate(JAVA_LONG);
    private MemorySegment stack = MemorySegment.NULL;
    private MemorySegment handles = MemorySegment.NULL;
    private MemorySegment tensors = MemorySegment.NULL;
    private MemorySegment ints = MemorySegment.NULL;
    private long[] slots = new long[8];
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

    /**
     * Collects the values of sizes, those that are known and those that the call passes.
     *
     * @param known the first of them; null if there are none
     */
    void size(int count, long[] known, int knownCount, ResultChecks.Fetch[] fetches) {
        if (slots.length < count) {
            slots = new long[count];
        }
        if (known != null) {
            System.arraycopy(known, 0, slots, 0, knownCount);
        }
        for (ResultChecks.Fetch fetch : fetches) {
            slots[fetch.slot()] =
                    fetch.dimension() < 0
                            ? ints.getAtIndex(JAVA_LONG, fetch.index())
                            : sizeOf(tensors.getAtIndex(JAVA_LONG, fetch.index()), fetch);
        }
    }

    private long sizeOf(long handle, ResultChecks.Fetch fetch) {
        if (FastTensorApi.rank(handle, slot.address()) <= fetch.dimension()) {
            return -1; // no result has such a size
        }
        return RawMemory.at(FastTensorApi.sizes(handle, slot.address()), fetch.dimension());
    }

    /** Returns the values of sizes, by which results are checked. */
    long[] slots() {
        return slots;
    }

    /** Returns eight bytes of scratch. */
    MemorySegment slot() {
        return slot;
    }

    MemorySegment stack() {
        return stack;
    }

    /** Returns room for handles; it may hold those of an earlier call. */
    MemorySegment handles(int count) {
        if (handles.byteSize() < count * ADDRESS.byteSize()) {
            handles = Arena.ofAuto().allocate(ADDRESS, count);
        }
        return handles;
    }

    MemorySegment nextTensor() {
        return tensors.getAtIndex(ADDRESS, tensor++);
    }

    long nextInt() {
        return ints.getAtIndex(JAVA_LONG, integer++);
    }
}
