package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.os.ReservedMemory;

/**
 * Where the records of tensors come from: one range of addresses, so that a handle can be checked
 * before anything is read at it. Records are used again, and never returned to the system.
 */
final class Records {
    private static final long MOST = 1L << 30;
    private static final long LEAST = 1L << 24;
    private static final long STEP = 1L << 16;

    private static final ReservedMemory RANGE = ReservedMemory.reserve(MOST, LEAST);
    private static final long START = RANGE.address();

    /** How many bytes from the start can be read; what lies there is a record or zeros. */
    private static volatile long readable;

    /** How many bytes from the start have been records. */
    private static long used;

    /** The first of a list of free records. */
    private static long free;

    private Records() {}

    /** Returns the state behind what should be a handle: FREE if it is none. */
    static int state(long tensor) {
        long at = tensor - START;
        return Long.compareUnsigned(at, readable) < 0 && at % Tensors.BYTES == 0
                ? Raw.getInt(tensor + Tensors.STATE)
                : Tensors.FREE;
    }

    /**
     * Takes a record, whose state is FREE.
     *
     * @throws BuiltInFailure if there is no memory
     */
    static long take() {
        Pool pool = Pool.current();
        return pool == null ? takeShared(0) : pool.takeRecord();
    }

    /** Gives a record back, on whatever thread. */
    static void give(long record) {
        Raw.setInt(record + Tensors.STATE, Tensors.FREE);
        Pool pool = Pools.of(Raw.getLong(record + Tensors.OWNER));
        if (pool == null) {
            giveShared(record);
        } else {
            pool.giveRecord(record);
        }
    }

    /** Takes a record for a pool, or for 0. */
    static synchronized long takeShared(long owner) {
        long record = free;
        if (record != 0) {
            free = next(record);
        } else {
            record = takeFresh();
        }
        Raw.setLong(record + Tensors.OWNER, owner);
        return record;
    }

    private static long takeFresh() {
        if (used + Tensors.BYTES > readable) {
            if (!RANGE.commit(STEP)) {
                throw new BuiltInFailure(
                        "there is no memory for another tensor beside %d"
                                .formatted(used / Tensors.BYTES));
            }
            readable = RANGE.committed();
        }
        long record = START + used;
        used += Tensors.BYTES;
        Tensors.clear(record);
        return record;
    }

    static synchronized void giveShared(long record) {
        setNext(record, free);
        free = record;
    }

    static long next(long record) {
        return Raw.getLong(record + Tensors.NEXT);
    }

    static void setNext(long record, long next) {
        Raw.setLong(record + Tensors.NEXT, next);
    }

    /** Counts the handles that have not been deleted. */
    static synchronized long liveCount() {
        long count = 0;
        for (long at = 0; at < used; at += Tensors.BYTES) {
            int state = Raw.getInt(START + at + Tensors.STATE);
            count += state == Tensors.FREE ? 0 : 1;
        }
        return count;
    }
}
