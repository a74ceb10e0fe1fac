package io.github.aoti4j.bindings.os;

import java.util.Arrays;

/**
 * Closes several things one after the other, whatever fails: the first failure is thrown, and has
 * the later ones as suppressed. None of them may throw a checked exception.
 */
public final class Closeables {
    private Closeables() {}

    /** What a block is to end with, for the head of a {@code try}. */
    @FunctionalInterface
    public interface Cleanup extends AutoCloseable {
        @Override
        void close();
    }

    /** Closes all, in this order; null stands for one that is not there. */
    public static void closeAll(AutoCloseable... parts) {
        closeAll(Arrays.asList(parts));
    }

    /** Closes all, in this order. */
    public static void closeAll(Iterable<? extends AutoCloseable> parts) {
        switch (close(null, parts)) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new AssertionError("nothing checked is thrown here", e);
        }
    }

    /** Closes all because of a failure, which the caller throws and which gets the others. */
    public static void closeAfter(Throwable failure, AutoCloseable... parts) {
        closeAfter(failure, Arrays.asList(parts));
    }

    /** Closes all because of a failure, which the caller throws and which gets the others. */
    public static void closeAfter(Throwable failure, Iterable<? extends AutoCloseable> parts) {
        Throwable _ = close(failure, parts);
    }

    /**
     * Returns the first of two failures, with the next one as a suppressed one.
     *
     * @param first null if nothing has failed before
     */
    public static <T extends Throwable> T join(T first, T next) {
        if (first == null) {
            return next;
        }
        if (!first.equals(next)) {
            first.addSuppressed(next);
        }
        return first;
    }

    private static Throwable close(Throwable first, Iterable<? extends AutoCloseable> parts) {
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Throwable e) {
                first = join(first, e);
            }
        }
        return first;
    }
}
