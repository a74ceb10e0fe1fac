package io.github.aoti4j.cli;

import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.Requirement;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code aoti inspect}: what is in a package and whether it can run here. */
@Command(
        name = "inspect",
        description = {
            "Shows a package's models: inputs, outputs, constants and where they lie, call spec,"
                    + " and what each needs from this machine. Loads nothing.",
            "Exits with 1 if something that a model needs is not here."
        },
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PKG",
            description =
                    "An AOTInductor package (.pt2), or the folder that one was unpacked into.")
    private Path file;

    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    @Option(names = "--model", paramLabel = "NAME", description = "Show this model only.")
    private String model;

    @Mixin private Sha256Option sha256;

    @Mixin private LibTorchOption libtorch;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    InspectCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelReport> reports = new ArrayList<>();
        ModelOptions options =
                sha256.apply(ModelOptions.defaults())
                        .progress(new TerminalProgress(spec.commandLine().getErr()));
        try (ModelPackage opened = ModelPackage.open(file, options)) {
            List<String> names = model == null ? opened.models() : List.of(model);
            for (String name : names) {
                ModelDescription description = opened.describe(name);
                reports.add(
                        new ModelReport(
                                description,
                                opened.requirements(
                                        name, libtorch.options(spec.commandLine().getErr()))));
            }
        }
        if (json) {
            out.println(JsonReport.of(file, reports));
        } else {
            TextReport.print(out, file, reports);
        }
        boolean met =
                reports.stream()
                        .flatMap(report -> report.requirements().stream())
                        .allMatch(Requirement::met);
        return met ? Main.OK : Main.NO;
    }
}
