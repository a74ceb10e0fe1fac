package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.weights.files.SafetensorsFile;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The demo's model and test images, extracted from the jar into a temporary folder. */
final class Digits implements AutoCloseable {
    private static final String MODEL = "digits.pt2";
    private static final String TEST = "test.safetensors";

    private final Path folder;

    private Digits(Path folder) {
        this.folder = folder;
    }

    static Digits open() {
        try {
            Digits digits = new Digits(Files.createTempDirectory("aoti-demo"));
            try {
                digits.copy(MODEL);
                digits.copy(TEST);
            } catch (IOException | RuntimeException e) {
                digits.close();
                throw e;
            }
            return digits;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot write the demo's files to a temporary folder", e);
        }
    }

    private void copy(String name) throws IOException {
        try (InputStream in = Digits.class.getResourceAsStream("digits/" + name)) {
            if (in == null) {
                throw new IllegalStateException("digits/" + name + " is missing from this build");
            }
            Files.copy(in, folder.resolve(name));
        }
    }

    Path modelFile() {
        return folder.resolve(MODEL);
    }

    /** Reads all test images: {@code [n, 1, 8, 8]} float32, from 0 (white) to 1 (black). */
    Tensor images(Arena arena) {
        return read("images", arena);
    }

    /** Reads the digit that each image shows. */
    int[] labels(Arena arena) {
        return Arrays.stream(read("labels", arena).toLongArray())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    private Tensor read(String name, Arena arena) {
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(TEST))) {
            return TensorFiles.read(file, name, arena);
        }
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(folder.resolve(MODEL));
            Files.deleteIfExists(folder.resolve(TEST));
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete the demo's temporary folder", e);
        }
    }
}
