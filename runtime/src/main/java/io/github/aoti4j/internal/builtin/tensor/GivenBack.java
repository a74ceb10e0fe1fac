package io.github.aoti4j.internal.builtin.tensor;

/** What threads give back to a pool that they have not entered, in lists of its state. */
final class GivenBack {
    private GivenBack() {}

    /** Adds a block that has no user. Returns false if the pool is closed. */
    static boolean addBlock(long[] state, long block) {
        long capacity = Blocks.capacity(block);
        long first;
        do {
            first = (long) Pool.LONGS.getAcquire(state, Pool.GIVEN_BLOCKS);
            if (first == Pool.CLOSED) {
                return false;
            }
            Blocks.setNext(block, first);
        } while (!Pool.LONGS.compareAndSet(state, Pool.GIVEN_BLOCKS, first, block));
        long _ = (long) Pool.LONGS.getAndAdd(state, Pool.GIVEN_BYTES, capacity);
        return true;
    }

    /** Adds a record. Returns false if the pool is closed. */
    static boolean addRecord(long[] state, long record) {
        long first;
        do {
            first = (long) Pool.LONGS.getAcquire(state, Pool.GIVEN_RECORDS);
            if (first == Pool.CLOSED) {
                return false;
            }
            Records.setNext(record, first);
        } while (!Pool.LONGS.compareAndSet(state, Pool.GIVEN_RECORDS, first, record));
        return true;
    }
}
