package io.github.aoti4j.stress.fuzz;

import java.util.List;

/** What Jazzer calls: hands each input to the reader that {@link FuzzMain} has named. */
public final class JazzerEntry {
    static final String READERS = "fuzz.readers";
    static final String TARGET = "fuzz.target";

    private static FuzzTarget target;

    private JazzerEntry() {}

    /** Finds the reader. */
    public static void fuzzerInitialize() throws ReflectiveOperationException {
        target =
                readers(System.getProperty(READERS)).stream()
                        .filter(t -> t.name().equals(System.getProperty(TARGET)))
                        .findFirst()
                        .orElseThrow();
    }

    /** Gives the reader an input. */
    public static void fuzzerTestOneInput(byte[] input) {
        target.accepts(input);
    }

    /** The readers that a test class attacks. */
    static List<FuzzTarget> readers(String className) throws ReflectiveOperationException {
        var constructor = Class.forName(className).getDeclaredConstructor();
        constructor.setAccessible(true);
        return ((FuzzedReaders) constructor.newInstance()).targets();
    }
}
