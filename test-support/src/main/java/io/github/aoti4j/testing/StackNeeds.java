package io.github.aoti4j.testing;

/** How much stack the JDK's own code needs, in bytes. */
public final class StackNeeds {
    /** To close an arena: what the JVM keeps for itself, and what the code takes. */
    public static final long CLOSE_ARENA = (96 + 12) * 1024;

    private StackNeeds() {}
}
