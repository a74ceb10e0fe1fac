package io.github.aoti4j.bindings.os;

import java.lang.foreign.MemorySegment;

/**
 * The C library's heap, by address: an arena would make objects for each block.
 *
 * <p>Thread-safe.
 */
public final class NativeHeap {
    private static final MemorySegment ALIGNED_ALLOC = IntegerCall.find("aligned_alloc");
    private static final MemorySegment FREE = IntegerCall.find("free");

    private NativeHeap() {}

    /**
     * Allocates a block with any contents.
     *
     * @param alignment a power of two
     * @param bytes a multiple of the alignment, above 0
     * @return its address; 0 if there is no memory
     */
    public static long allocate(long alignment, long bytes) {
        return IntegerCall.call(ALIGNED_ALLOC, alignment, bytes, 0, 0, 0, 0);
    }

    /** Frees a block. */
    public static void free(long block) {
        long _ = IntegerCall.call(FREE, block, 0, 0, 0, 0, 0);
    }
}
