package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.core.MemoryLimitException;

/**
 * Memory for tensors and scratch space, 64-byte aligned, with any contents: from this thread's
 * current pool, outside of a run from the C library's heap.
 */
public final class Memory {
    private Memory() {}

    /**
     * Takes a block.
     *
     * @return its address; {@link #give} gives it back
     * @throws BuiltInFailure if there is no memory
     */
    public static long take(long bytes) {
        long block = tryTake(bytes);
        if (block == 0) {
            MemoryLimitException limit = limitOf(bytes);
            throw new BuiltInFailure(reason(bytes, limit), limit);
        }
        return block;
    }

    /** Returns what the limit says of memory that could not be had; null if it allows it. */
    static MemoryLimitException limitOf(long bytes) {
        Pool pool = Pool.current();
        return pool == null ? null : pool.heap.refusal(bytes);
    }

    /**
     * Says why memory could not be had.
     *
     * @param limit as {@link #limitOf} has returned it
     */
    static String reason(long bytes, MemoryLimitException limit) {
        return limit == null
                ? "there is no memory for %d bytes".formatted(bytes)
                : limit.getMessage();
    }

    /** The same as {@link #take}, but returns 0 if there is no memory. */
    static long tryTake(long bytes) {
        if (bytes < 0 || bytes > SizeClasses.MAX_BYTES) {
            return 0;
        }
        int sizeClass = SizeClasses.of(bytes);
        Pool pool = Pool.current();
        return pool == null ? takeFromHeap(sizeClass) : pool.takeBlock(sizeClass);
    }

    /** The same, from the pool of a record that this thread has just taken. */
    static long tryTakeLike(long record, long bytes) {
        if (bytes < 0 || bytes > SizeClasses.MAX_BYTES) {
            return 0;
        }
        int sizeClass = SizeClasses.of(bytes);
        Pool pool = Pools.of(Raw.getLong(record + Tensors.OWNER));
        return pool == null || !pool.isCurrent()
                ? takeFromHeap(sizeClass)
                : pool.takeBlock(sizeClass);
    }

    private static long takeFromHeap(int sizeClass) {
        long block = Blocks.allocate(sizeClass, 0);
        if (block != 0) {
            long _ = Blocks.OUTSIDE.addAndGet(SizeClasses.capacity(sizeClass));
        }
        return block;
    }

    /** Adds a user to a block, who gives it back, too. */
    static void share(long block) {
        Blocks.retain(block);
    }

    /** Gives a block back, on whatever thread. It is free with its last user. */
    public static void give(long block) {
        if (Blocks.release(block)) {
            Pool pool = Pools.of(Blocks.owner(block));
            if (pool == null) {
                giveToHeap(block);
            } else {
                pool.giveBlock(block);
            }
        }
    }

    static void giveToHeap(long block) {
        long _ = Blocks.OUTSIDE.addAndGet(-Blocks.capacity(block));
        Blocks.free(block);
    }

    /** Returns the size of all blocks that are in use in this process. */
    public static long bytesInUse() {
        return Blocks.OUTSIDE.get() + Pools.bytesInUse();
    }

    /** Returns the size of all blocks that pools keep for further use. */
    public static long bytesCached() {
        return Pools.bytesCached();
    }
}
