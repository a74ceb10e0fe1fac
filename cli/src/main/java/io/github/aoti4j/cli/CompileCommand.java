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

/** {@code aoti compile}: a package of source only becomes one with libraries. */
@Command(
        name = "compile",
        description = {
            "Compiles the models of a package that holds their source only (package_cpp_only), and"
                    + " writes a package with the libraries in place of what they were made of.",
            "Loading a package of source only does the same, once, into the cache. The source and"
                    + " its flags come from the package: only flags that say how code is generated"
                    + " are let through, and no shell is involved."
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
            description = "Compile this model only; others stay as they are.")
    private String model;

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    @Mixin private CompileOptions compile;

    @Mixin private LibTorchOption libtorch;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    CompileCommand() {}

    @Override
    public Integer call() {
        var err = spec.commandLine().getErr();
        ModelOptions options =
                compile.apply(libtorch.apply(ModelOptions.defaults()))
                        .progress(new TerminalProgress(err));
        try (ModelPackage opened = ModelPackage.open(file)) {
            opened.compile(output, force, model == null ? options : options.model(model));
        }
        spec.commandLine().getOut().println(output);
        return Main.OK;
    }
}
