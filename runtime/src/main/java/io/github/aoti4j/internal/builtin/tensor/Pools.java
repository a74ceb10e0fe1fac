package io.github.aoti4j.internal.builtin.tensor;

import java.util.Arrays;

/** All open pools, by the numbers that blocks and records bear. */
final class Pools {
    /** A number is unique; its lower bits are the place in the list. */
    private static final int PLACE_BITS = 20;

    private static volatile Pool[] list = new Pool[16];

    private static long lastNumber;

    private Pools() {}

    /** Returns the pool of a number; null for 0 and if the pool has been closed. */
    static Pool of(long number) {
        if (number == 0) {
            return null;
        }
        Pool pool = list[(int) number & (1 << PLACE_BITS) - 1];
        return pool != null && pool.number == number ? pool : null;
    }

    /** Adds a pool, which calls this in its constructor for its number. */
    static synchronized long add(Pool pool) {
        Pool[] old = list;
        int place = 0;
        while (place < old.length && old[place] != null) {
            place++;
        }
        if (place >> PLACE_BITS != 0) {
            throw new IllegalStateException("too many pools");
        }
        Pool[] changed = place < old.length ? old : Arrays.copyOf(old, 2 * place);
        changed[place] = pool;
        list = changed;
        lastNumber++;
        return lastNumber << PLACE_BITS | place;
    }

    static synchronized void remove(Pool pool) {
        Pool[] changed = list.clone();
        changed[(int) pool.number & (1 << PLACE_BITS) - 1] = null;
        list = changed;
    }

    static synchronized long bytesInUse() {
        long bytes = 0;
        for (Pool pool : list) {
            bytes += pool == null ? 0 : pool.bytesInUse();
        }
        return bytes;
    }

    static synchronized long bytesCached() {
        long bytes = 0;
        for (Pool pool : list) {
            bytes += pool == null ? 0 : pool.bytesCached();
        }
        return bytes;
    }
}
