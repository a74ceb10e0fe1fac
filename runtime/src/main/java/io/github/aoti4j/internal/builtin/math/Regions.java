package io.github.aoti4j.internal.builtin.math;

/** Regions by number, which is all that native code can hand to a task. */
final class Regions {
    /** More cannot begin at a time, and run on one thread each. */
    private static final int COUNT = 256;

    static final int NONE = -1;

    private static final Region[] REGIONS = new Region[COUNT];
    private static final int[] FREE = new int[COUNT];
    private static int freeCount = COUNT;

    static {
        for (int i = 0; i < COUNT; i++) {
            REGIONS[i] = new Region();
            FREE[i] = COUNT - 1 - i;
        }
    }

    private Regions() {}

    static Region at(int number) {
        return REGIONS[number];
    }

    /**
     * Returns the number of a region that is the caller's until {@link #give}, or {@link #NONE}.
     */
    static int take() {
        synchronized (FREE) {
            return freeCount == 0 ? NONE : FREE[--freeCount];
        }
    }

    static void give(int number) {
        synchronized (FREE) {
            FREE[freeCount++] = number;
        }
    }
}
