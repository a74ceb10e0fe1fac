package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Does what people start the command for, so that the JVM puts it into an AOT cache: inspects and
 * runs the demo's model, without libtorch.
 */
final class Training {
    private Training() {}

    public static void main(String[] args) throws IOException {
        Path folder = Files.createTempDirectory("aoti-training");
        Path inputs = folder.resolve("inputs.safetensors");
        Path outputs = folder.resolve("outputs.safetensors");
        try (Digits digits = Digits.open();
                Arena arena = Arena.ofConfined()) {
            Tensor images = digits.images(arena);
            TensorFiles.write(inputs, List.of(images), arena);
            String model = digits.modelFile().toString();
            run("inspect", model);
            run(
                    "run",
                    model,
                    "--engine",
                    "built-in",
                    "--inputs",
                    inputs.toString(),
                    "--outputs",
                    outputs.toString());
        } finally {
            Files.deleteIfExists(inputs);
            Files.deleteIfExists(outputs);
            Files.delete(folder);
        }
    }

    private static void run(String... args) {
        var out = new PrintWriter(System.out, true, System.out.charset());
        var err = new PrintWriter(System.err, true, System.err.charset());
        if (Main.run(args, out, err) != Main.OK) {
            throw new IllegalStateException("failed: aoti " + String.join(" ", args));
        }
    }
}
