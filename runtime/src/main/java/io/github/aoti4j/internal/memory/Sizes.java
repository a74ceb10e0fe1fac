package io.github.aoti4j.internal.memory;

/**
 * Arithmetic on sizes that a package states. What is larger than any memory becomes {@link #MOST},
 * and so does what is negative, so that sums of a few of them cannot overflow.
 */
public final class Sizes {
    public static final long MOST = 1L << 60;

    /** Native containers place each constant at a multiple of this. */
    private static final long ALIGNMENT = 64;

    private Sizes() {}

    public static long of(long bytes) {
        return bytes < 0 || bytes > MOST ? MOST : bytes;
    }

    public static long add(long a, long b) {
        return of(of(a) + of(b));
    }

    public static long multiply(long size, int count) {
        return count != 0 && of(size) > MOST / count ? MOST : of(size) * count;
    }

    /** Returns what a constant takes in memory of a native container's own. */
    public static long padded(long bytes) {
        return of(of(bytes) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
