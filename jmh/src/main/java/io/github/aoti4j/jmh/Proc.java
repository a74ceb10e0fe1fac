package io.github.aoti4j.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel tells about a process, and the system about itself. */
public final class Proc {
    private Proc() {}

    /**
     * Reads a number from a file whose lines are a name, a colon, and a value.
     *
     * @param name before the colon
     * @throws IOException if the name is not there
     */
    public static long number(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException(file + " does not tell " + name);
    }

    /**
     * Reads the first value of a name from {@code /proc/cpuinfo} and files like it.
     *
     * @param name how the line begins
     * @return what stands behind the colon; "unknown" if there is no such line
     * @throws IOException if the file cannot be read
     */
    public static String text(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name)) {
                return line.substring(line.indexOf(':') + 1).strip();
            }
        }
        return "unknown";
    }
}
