package io.github.aoti4j.stress.fuzz;

import io.github.aoti4j.testing.Checkout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The committed inputs of each reader that reached new code when fuzzing found them. */
final class Corpus {
    private Corpus() {}

    /** Returns the inputs of a reader; there may be none. */
    static List<byte[]> inputs(String reader) throws IOException {
        var inputs = new ArrayList<byte[]>();
        Path folder = folder(reader);
        if (Files.isDirectory(folder)) {
            try (var files = Files.list(folder)) {
                for (Path file : files.sorted().toList()) {
                    inputs.add(Files.readAllBytes(file));
                }
            }
        }
        return inputs;
    }

    /** Returns the folder of a reader's inputs, which may not exist. */
    static Path folder(String reader) {
        return Checkout.root().resolve("stress/src/test/fuzz").resolve(reader);
    }
}
