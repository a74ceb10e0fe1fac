package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.weights.Paging;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** The package, the model in it and the libtorch: what commands that run a model share. */
final class PackageArguments {
    @Parameters(
            paramLabel = "PKG",
            description =
                    "An AOTInductor package (.pt2), or the folder that one was unpacked into.")
    private Path file;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "Which model, where the package holds several.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "F",
            description =
                    "A file of weights by name: safetensors, a safetensors index, or a state dict"
                        + " of torch.save. May be given several times; the first that has a name"
                        + " counts. Default: the package's own.")
    private List<Path> weights = List.of();

    @Option(
            names = "--paging",
            paramLabel = "WHEN",
            description =
                    "When mapped weights are read: ${COMPLETION-CANDIDATES}. Default: lazy, each"
                            + " page when it is first touched.")
    private Paging paging = Paging.LAZY;

    @Option(
            names = "--op-library",
            paramLabel = "F",
            description =
                    "A native library that registers operators which the model calls, built for"
                            + " this libtorch. May be given several times. Default: none.")
    private List<Path> opLibraries = List.of();

    @Mixin private Sha256Option sha256;

    @Mixin private CompileOptions compile;

    @Mixin private LibTorchOption libtorch;

    /** Made by picocli. */
    PackageArguments() {}

    Path file() {
        return file;
    }

    Model load(PrintWriter err) {
        return load(err, 1, 0);
    }

    /**
     * Loads the model.
     *
     * @param runners how many runs may be in flight
     * @param intraOpThreads how many threads one operator may run on; 0 for libtorch's default
     */
    Model load(PrintWriter err, int runners, int intraOpThreads) {
        libtorch.load(err, intraOpThreads);
        ModelOptions options =
                sha256.apply(compile.apply(libtorch.apply(ModelOptions.defaults())))
                        .weights(weights.toArray(Path[]::new))
                        .opLibrary(opLibraries.toArray(Path[]::new))
                        .paging(paging)
                        .runners(runners)
                        .progress(new TerminalProgress(err));
        return Model.load(file, model == null ? options : options.model(model));
    }
}
