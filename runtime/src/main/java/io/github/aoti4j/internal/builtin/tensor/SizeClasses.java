package io.github.aoti4j.internal.builtin.tensor;

/**
 * The sizes that blocks have: multiples of 64 bytes up to 1 KiB, then eight sizes between a power
 * of two and the next, so that at most an eighth of a block is unused.
 */
final class SizeClasses {
    private static final int UNIT_BITS = 6;

    /** Classes that are one unit apart. */
    private static final int LINEAR = 16;

    private static final int STEP_BITS = 3;
    private static final int STEPS = 1 << STEP_BITS;

    /** More than any address space has. */
    static final int MAX_BITS = 46;

    static final long MAX_BYTES = 1L << MAX_BITS;

    static final int COUNT = of(MAX_BYTES) + 1;

    private SizeClasses() {}

    /** Returns the smallest class that holds a number of bytes, at most {@link #MAX_BYTES}. */
    static int of(long bytes) {
        long units = Math.max((bytes + (1 << UNIT_BITS) - 1) >>> UNIT_BITS, 1);
        if (units <= LINEAR) {
            return (int) units - 1;
        }
        int shift = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(units - 1);
        int step = (int) ((units - 1) >>> shift) - STEPS;
        return LINEAR + (shift - 1) * STEPS + step;
    }

    /** Returns how many bytes a block of a class has. */
    static long capacity(int sizeClass) {
        if (sizeClass < LINEAR) {
            return (sizeClass + 1L) << UNIT_BITS;
        }
        int shift = (sizeClass - LINEAR) / STEPS + 1;
        int step = (sizeClass - LINEAR) % STEPS;
        return (STEPS + step + 1L) << (shift + UNIT_BITS);
    }
}
