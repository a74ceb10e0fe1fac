package io.github.aoti4j.cli;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;

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

/** {@code aoti inspect}: shows a package's content and requirements. */
@Command(
        name = "inspect",
        description = {
            "Shows a package's models: call spec, inputs, outputs, constants, memory, metadata, and"
                    + " what each requires of this machine. Loads nothing.",
            "Exits with 1 if a requirement is not met."
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

    @Option(
            names = "--constants",
            description =
                    "List each constant. Default: their number, size and place. JSON has all.")
    private boolean constants;

    @Option(names = "--model", paramLabel = "NAME", description = "Show this model only.")
    private String model;

    @Mixin private Sha256Option sha256;

    @Mixin private EngineOptions engine;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelReport> reports = new ArrayList<>();
        ModelOptions options =
                engine.apply(sha256.apply(ModelOptions.defaults()))
                        .progress(new TerminalProgress(spec.commandLine().getErr()));
        try (ModelPackage opened = ModelPackage.open(file, options)) {
            for (String name : model == null ? opened.models() : List.of(model)) {
                reports.add(
                        ModelReport.of(opened.describe(name), opened.requirements(name, options)));
            }
        }
        if (json) {
            out.println(InspectJson.of(file, reports));
        } else {
            new InspectText(out, constants).print(file, reports);
        }
        return reports.stream().allMatch(ModelReport::canRun) ? Main.OK : Main.NEGATIVE;
    }
}
