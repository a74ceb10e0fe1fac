package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.libtorch.LibTorch;

import picocli.CommandLine.Option;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/** A run on inputs from a file, shared by {@code run} and {@code verify}. */
final class SingleRun {
    @Option(
            names = "--inputs",
            required = true,
            paramLabel = "F",
            description =
                    "A safetensors file with the inputs, named \"0\", \"1\", … in call order.")
    private Path inputs;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Seeds libtorch's random numbers before the run, as torch.manual_seed does. The"
                            + " built-in engine draws none.")
    private Long seed;

    Path inputs() {
        return inputs;
    }

    /** Runs the model, and returns its outputs on the CPU, allocated in the arena. */
    List<Tensor> run(Model model, Arena arena) {
        List<Tensor> read = TensorFiles.readInputs(inputs, model, arena);
        if (seed != null && model.engine() == Engine.LIBTORCH) {
            LibTorch.manualSeed(seed);
        }
        List<Tensor> outputs = model.run(arena, DeviceTransfer.toModel(model, read, arena));
        return DeviceTransfer.toCpu(outputs, arena);
    }
}
