package io.github.aoti4j.cli;

import io.github.aoti4j.ModelDescription;
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
    @Parameters(paramLabel = "PKG", description = "An AOTInductor package (.pt2).")
    private Path file;

    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    @Option(names = "--model", paramLabel = "NAME", description = "Show this model only.")
    private String model;

    @Mixin private LibTorchOption libtorch;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    InspectCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelReport> reports = new ArrayList<>();
        try (ModelPackage opened = ModelPackage.open(file)) {
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
