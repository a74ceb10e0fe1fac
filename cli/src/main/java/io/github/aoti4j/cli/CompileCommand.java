package io.github.aoti4j.cli;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code aoti compile}: compiles packages that hold source only. */
@Command(
        name = "compile",
        description = {
            "Compiles the models of a package that holds source only (package_cpp_only), and writes"
                    + " a package with the libraries in place of the source.",
            "Loading such a package does the same, once, into the cache. Source and compiler flags"
                    + " come from the package: only flags for code generation are accepted, and no"
                    + " shell is involved."
        },
        mixinStandardHelpOptions = true)
final class CompileCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PKG", description = "An AOTInductor package (.pt2).")
    private Path file;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "OUT",
            description = "The package to write.")
    private Path output;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "Compile this model only; others are copied unchanged.")
    private String model;

    @Option(names = "--force", description = "Replace OUT if it exists.")
    private boolean force;

    @Mixin private CompileOptions compile;

    @Mixin private EngineOptions engine;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        var err = spec.commandLine().getErr();
        ModelOptions options =
                compile.apply(engine.apply(ModelOptions.defaults()))
                        .progress(new TerminalProgress(err));
        try (ModelPackage opened = ModelPackage.open(file)) {
            opened.compile(output, force, model == null ? options : options.model(model));
        }
        spec.commandLine().getOut().println(output);
        return Main.OK;
    }
}
