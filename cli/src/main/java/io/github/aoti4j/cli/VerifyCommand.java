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

    @Mixin private SingleRun singleRun;

    @Option(
            names = "--expect",
            required = true,
            paramLabel = "F",
            description =
                    "A safetensors file with the expected outputs, named \"0\", \"1\", …; an absent"
                            + " name stands for None")
    private Path expect;

    @Mixin private Tolerances tolerances;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Model model = arguments.load(spec.commandLine().getErr());
                Arena arena = Arena.ofConfined()) {
            List<Tensor> expected = TensorFiles.readOutputs(expect, model, arena);
            List<Tensor> actual = singleRun.run(model, arena);
            OutputsComparison comparison = OutputsComparison.of(actual, expected, tolerances);
            comparison.lines().forEach(out::println);
            out.println(comparison.matches() ? "all outputs match" : "outputs differ");
            return comparison.matches() ? Main.OK : Main.NEGATIVE;
        }
    }
}
