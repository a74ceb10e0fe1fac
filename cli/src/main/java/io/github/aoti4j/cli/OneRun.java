package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import picocli.CommandLine.Option;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/** One run on inputs from a file: what {@code run} and {@code verify} share. */
final class OneRun {
    @Option(
            names = "--inputs",
            required = true,
            paramLabel = "F",
            description =
                    "A safetensors file with the inputs, named \"0\", \"1\", … in call order.")
    private Path inputs;

    /** Made by picocli. */
    OneRun() {}

    Path inputs() {
        return inputs;
    }

    /** Returns the outputs, on the CPU; the arena owns what it takes. */
    List<Tensor> of(Model model, Arena arena) {
        List<Tensor> read = TensorFiles.readInputs(inputs, model, arena);
        List<Tensor> outputs = model.run(arena, Transfer.toModel(model, read, arena));
        return Transfer.toCpu(outputs, arena);
    }
}
