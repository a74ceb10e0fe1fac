package io.github.aoti4j.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the committed files that tests read, from whichever module they run in. */
public final class Checkout {
    private static final String LANDMARK = "headers/checksums.sha256";

    private Checkout() {}

    /** Returns the folder that holds all modules, looked for from the working directory upwards. */
    public static Path root() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve(LANDMARK))) {
                return folder;
            }
        }
        throw new IllegalStateException("no " + LANDMARK + " in " + start + " or above it");
    }

    /** Returns the folder of our C headers. */
    public static Path headers() {
        return root().resolve("headers");
    }

    /** Returns the folder of the runtime's fixtures, which PyTorch wrote. */
    public static Path fixtures() {
        return root().resolve("runtime/src/test/fixtures");
    }

    /** Returns the fixtures of a suffix up to a size, in the order of their paths. */
    public static List<Path> fixtures(String suffix, long maxSize) throws IOException {
        try (var files = Files.walk(fixtures())) {
            var found = new ArrayList<Path>();
            for (Path file : files.filter(f -> f.toString().endsWith(suffix)).sorted().toList()) {
                if (Files.size(file) <= maxSize) {
                    found.add(file);
                }
            }
            return found;
        }
    }
}
