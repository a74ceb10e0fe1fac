package io.github.aoti4j.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the inputs that are committed, from whichever module the tests are run in. */
public final class Checkout {
    private Checkout() {}

    /** The runtime's fixtures, which PyTorch wrote. */
    public static Path fixtures() {
        return find("runtime/src/test/fixtures");
    }

    /** The fixtures that end so and are no larger, in the order of their paths. */
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

    /** What fuzzing has found to be interesting for a reader; may be nothing. */
    static List<byte[]> corpus(String reader) throws IOException {
        var inputs = new ArrayList<byte[]>();
        Path folder = corpusFolder(reader);
        if (Files.isDirectory(folder)) {
            try (var files = Files.list(folder)) {
                for (Path file : files.sorted().toList()) {
                    inputs.add(Files.readAllBytes(file));
                }
            }
        }
        return inputs;
    }

    static Path corpusFolder(String reader) {
        return find("bindings/src/test").resolve("fuzz").resolve(reader);
    }

    private static Path find(String path) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve(path))) {
                return at.resolve(path);
            }
        }
        throw new IllegalStateException("there is no " + path + " around; run this in a checkout");
    }
}
