package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.os.NativeHeap;
import io.github.aoti4j.bindings.stub.TensorRecord;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Blocks of memory: 64 bytes that describe a block, and behind them its contents, which a block's
 * address points to.
 */
final class Blocks {
    static final long ALIGNMENT = 64;

    private static final int HEADER = 64;

    /** How many tensors share the block, int64. */
    private static final int REFERENCES = TensorRecord.BLOCK_REFERENCES;

    /** The pool that takes the block back; 0 for the C library's heap. */
    private static final int OWNER = -56;

    /** In a list of free blocks, the next one. */
    private static final int NEXT = -48;

    private static final int SIZE_CLASS = -40;

    /** Bytes of blocks in use that are no pool's, or of a pool that has been closed. */
    static final AtomicLong OUTSIDE = new AtomicLong();

    private Blocks() {}

    /** Takes a block from the heap, with one reference; returns 0 if there is no memory. */
    static long allocate(int sizeClass, long owner) {
        long start = NativeHeap.allocate(ALIGNMENT, HEADER + SizeClasses.capacity(sizeClass));
        if (start == 0) {
            return 0;
        }
        long block = start + HEADER;
        Raw.setLong(block + REFERENCES, 1);
        Raw.setLong(block + OWNER, owner);
        Raw.setInt(block + SIZE_CLASS, sizeClass);
        return block;
    }

    /** Returns a block to the heap. */
    static void free(long block) {
        NativeHeap.free(block - HEADER);
    }

    /** Returns whether the shelf of a pool may have a block. */
    static boolean isOfShelf(long block, long pool) {
        return pool != 0 && owner(block) == pool && sizeClass(block) <= PoolShelf.LARGEST;
    }

    /** Returns whether a block has one user, who alone could add another. */
    static boolean isAlone(long block) {
        return Raw.getAcquire(block + REFERENCES) == 1;
    }

    static long owner(long block) {
        return Raw.getLong(block + OWNER);
    }

    static int sizeClass(long block) {
        return Raw.getInt(block + SIZE_CLASS);
    }

    static long capacity(long block) {
        return SizeClasses.capacity(sizeClass(block));
    }

    static long next(long block) {
        return Raw.getLong(block + NEXT);
    }

    static void setNext(long block, long next) {
        Raw.setLong(block + NEXT, next);
    }

    /** Sets the first reference of a block that has been free. */
    static void start(long block) {
        Raw.setLong(block + REFERENCES, 1);
    }

    /** Adds a reference; only who has one may do so. */
    static void retain(long block) {
        long _ = Raw.getAndAdd(block + REFERENCES, 1L);
    }

    /** Takes a reference away. Returns whether it was the last. */
    static boolean release(long block) {
        // Nobody can add to the last reference but its owner, so it needs no atomic instruction.
        return Raw.getAcquire(block + REFERENCES) == 1
                || Raw.getAndAdd(block + REFERENCES, -1L) == 1;
    }
}
