package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code aoti run}: one run, from file to file. */
@Command(
        name = "run",
        description = "Runs a model once on inputs from a file and writes its outputs.",
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    @Mixin private PackageArguments arguments;

    @Mixin private SingleRun singleRun;

    @Option(
            names = "--outputs",
            required = true,
            paramLabel = "F",
            description =
                    "The safetensors file to write, with the outputs named \"0\", \"1\", …; None is"
                            + " left out")
    private Path outputs;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        requireDistinctFiles();
        PrintWriter out = spec.commandLine().getOut();
        try (Model model = arguments.load(spec.commandLine().getErr());
                Arena arena = Arena.ofConfined()) {
            List<Tensor> results = singleRun.run(model, arena);
            TensorFiles.write(outputs, results, arena);
            for (int i = 0; i < results.size(); i++) {
                out.println(i + ": " + (results.get(i) == null ? "None" : results.get(i)));
            }
        }
        return Main.OK;
    }

    /** Refuses an output file that is also read: a mistake, which would destroy it. */
    private void requireDistinctFiles() {
        List<Path> read = new ArrayList<>(arguments.files());
        read.add(singleRun.inputs());
        for (Path file : read) {
            if (isSame(file, outputs)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--outputs would replace " + file + ", which is read; name another file");
            }
        }
    }

    private static boolean isSame(Path file, Path other) {
        try {
            return Files.isSameFile(file, other);
        } catch (IOException e) {
            // One does not exist.
            return false;
        }
    }
}
