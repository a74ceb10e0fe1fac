package io.github.aoti4j.cli;

/**
 * Starts the command from {@code aoti.jar} if this Java is new enough, and says so if it is not.
 * The build compiles this class for Java 8, which therefore can run it.
 */
final class Start {
    private static final int NEEDED = 25;

    private Start() {}

    public static void main(String[] args) {
        String problem =
                problem(
                        System.getProperty("java.specification.version"),
                        System.getProperty("java.home"));
        if (problem != null) {
            System.err.println(problem);
            System.exit(3); // Main.FAILURE
        }
        Main.main(args);
    }

    /** Returns what is wrong with a Java of that version; null if nothing is. */
    static String problem(String version, String home) {
        // Java 8 calls itself 1.8.
        if (!version.startsWith("1.") && Integer.parseInt(version) >= NEEDED) {
            return null;
        }
        return "aoti: needs Java "
                + NEEDED
                + " or later, and this is Java "
                + version
                + " ("
                + home
                + "); start it with the bin/java of a JDK "
                + NEEDED;
    }
}
