package io.github.aoti4j.bindings.os;

/** How much stack a thread has, for the tests of other modules. */
public final class StackLeft {
    /** What the JVM keeps, and what its own code needs to close an arena. */
    private static final long CLOSE_ARENA = (96 + 12) * 1024;

    private StackLeft() {}

    /** Returns how much there is, with what the JVM keeps of it. */
    public static long bytes() {
        return StackGuard.left();
    }

    /** Returns whether the JDK's own code can close an arena without running out of stack. */
    public static boolean isEnoughToCloseArena() {
        return bytes() >= CLOSE_ARENA;
    }
}
