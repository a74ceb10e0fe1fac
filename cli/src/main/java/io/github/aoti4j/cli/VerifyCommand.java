package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code aoti verify}: one run, compared with outputs known to be right. */
@Command(
        name = "verify",
        description = {
            "Runs a model once and compares its outputs with those in a file: number, dtype, shape"
                    + " and values.",
            "An element matches when |actual - expected| <= atol + rtol * |expected|; NaN matches"
                    + " NaN."
        },
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    @Mixin private PackageArguments arguments;

    @Option(
            names = "--inputs",
            required = true,
            paramLabel = "F",
            description =
                    "A safetensors file with the inputs, named \"0\", \"1\", … in call order.")
    private Path inputs;

    @Option(
            names = "--expect",
            required = true,
            paramLabel = "F",
            description = "A safetensors file with the expected outputs, named likewise.")
    private Path expect;

    @Option(
            names = "--rtol",
            paramLabel = "X",
            description =
                    "Relative tolerance. Default by dtype, as torch.testing.assert_close has it:"
                            + " 1.3e-6 for float32, 1e-7 for float64, 1e-3 for float16, 1.6e-2 for"
                            + " bfloat16, 0 for integers.")
    private Double rtol;

    @Option(
            names = "--atol",
            paramLabel = "X",
            description =
                    "Absolute tolerance. Default by dtype: 1e-5, 1e-7 for float64, 0 for integers.")
    private Double atol;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    VerifyCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Model model = arguments.load(spec.commandLine().getErr());
                Arena arena = Arena.ofConfined()) {
            List<Tensor> expected = TensorFiles.read(expect, arena);
            List<Tensor> actual = model.run(arena, TensorFiles.readInputs(inputs, model, arena));
            boolean same = actual.size() == expected.size();
            if (!same) {
                out.printf(
                        "the model has %d outputs, but %s holds %d%n",
                        actual.size(), expect, expected.size());
            }
            for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
                Comparison comparison = Comparison.of(actual.get(i), expected.get(i), rtol, atol);
                out.println(i + ": " + comparison.describe());
                same &= comparison.matches();
            }
            out.println(same ? "all outputs match" : "outputs differ");
            return same ? Main.OK : Main.NO;
        }
    }
}
