package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.stub.Shelf;
import io.github.aoti4j.bindings.stub.TensorRecord;

/**
 * The shelf of a pool, by its address: tensors that have been deleted, for runs that take them as
 * they are. Used by the thread that has entered the pool.
 */
final class PoolShelf {
    /** How many tensors lie on it: a run looks through all of them. */
    private static final int COUNT = 16;

    /** The largest size class of their blocks, 16 KiB. */
    static final int LARGEST = SizeClasses.of(1 << 14);

    /** Size of what can lie on a shelf. */
    static final long MAX_BYTES = COUNT * SizeClasses.capacity(LARGEST);

    private PoolShelf() {}

    /** Makes an empty one, for a pool's number. */
    static long make(long owner) {
        long shelf = Records.takeShared(owner);
        empty(shelf);
        return shelf;
    }

    /** Gives an empty one back. */
    static void delete(long shelf) {
        Records.giveShared(shelf);
    }

    /** Puts a tensor on it that is to be deleted. Returns false if it may not lie there. */
    static boolean put(long shelf, long tensor) {
        int capacity = Raw.getInt(tensor + TensorRecord.REUSABLE);
        if (capacity == 0
                || Raw.getLong(tensor + TensorRecord.OWNER)
                        != Raw.getLong(shelf + TensorRecord.OWNER)
                || !Blocks.isAlone(Raw.getLong(tensor + TensorRecord.STORAGE))) {
            return false;
        }
        long room = Raw.getLong(shelf + Shelf.ROOM);
        if (room == 0) {
            return false;
        }
        Raw.setLong(shelf + Shelf.ROOM, room - 1);
        Raw.setLong(shelf + Shelf.BYTES, Raw.getLong(shelf + Shelf.BYTES) + capacity);
        Raw.setInt(tensor + TensorRecord.STATE, TensorRecord.FREE);
        Records.setNext(tensor, Records.next(shelf));
        Records.setNext(shelf, tensor);
        return true;
    }

    /** Returns whether nothing more can be put on it. */
    static boolean isFull(long shelf) {
        return Raw.getLong(shelf + Shelf.ROOM) == 0;
    }

    /** Returns the size of the blocks on it. */
    static long bytes(long shelf) {
        return Raw.getLong(shelf + Shelf.BYTES);
    }

    /** Takes everything off. Returns the first record of a list; {@link #takeBlock} has blocks. */
    static long empty(long shelf) {
        long first = Records.next(shelf);
        Records.setNext(shelf, 0);
        Raw.setLong(shelf + Shelf.ROOM, COUNT);
        Raw.setLong(shelf + Shelf.BYTES, 0);
        return first;
    }

    /** Takes the block from a record that was on a shelf. */
    static long takeBlock(long record) {
        long block = Raw.getLong(record + TensorRecord.STORAGE);
        Raw.setLong(record + TensorRecord.STORAGE, 0);
        return block;
    }
}
