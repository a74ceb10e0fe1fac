package io.github.aoti4j.bindings;

import java.nio.file.Files;
import java.nio.file.Path;

/** The checkout that the tests run in. */
final class Repository {
    private static final String LANDMARK = "headers/checksums.sha256";

    private Repository() {}

    /** The folder that holds {@code headers/}, looked for from the working directory upwards. */
    static Path root() {
        var start = Path.of("").toAbsolutePath();
        for (var folder = start; folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve(LANDMARK))) {
                return folder;
            }
        }
        throw new IllegalStateException("no " + LANDMARK + " in " + start + " or above it");
    }

    static Path headers() {
        return root().resolve("headers");
    }
}
