package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.weights.Paging;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What commands that run a model share: the package, the model, and how it is loaded. */
final class PackageArguments {
    @Parameters(
            paramLabel = "PKG",
            description =
                    "An AOTInductor package (.pt2), or the folder that one was unpacked into.")
    private Path file;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "The model to run, if the package holds several.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "F",
            description =
                    "A file of weights by name: safetensors, a safetensors index, or a state dict"
                            + " of torch.save. May be given several times; for each name the first"
                            + " file that has it is used. Names that the model does not have are"
                            + " refused. Default: the weights in the package.")
    private List<Path> weights = List.of();

    @Option(
            names = "--allow-unknown",
            description =
                    "Ignore names in weight files that the model does not have, with a warning.")
    private boolean allowUnknown;

    @Option(
            names = "--paging",
            paramLabel = "WHEN",
            description =
                    "When mapped weights are read: ${COMPLETION-CANDIDATES}. Default: lazy, each"
                            + " page at the first access.")
    private Paging paging = Paging.LAZY;

    @Option(
            names = "--op-library",
            paramLabel = "F",
            description =
                    "A native library that registers custom operators, built for this libtorch."
                            + " May be given several times. Default: none.")
    private List<Path> opLibraries = List.of();

    @Option(
            names = "--device",
            paramLabel = "D",
            description =
                    "The device on which the model runs, such as cpu, cuda or cuda:1. Inputs and"
                            + " outputs are copied to it and back. Default: cuda:0 for a package"
                            + " compiled for CUDA, else cpu.")
    private Device device;

    @Option(
            names = "--memory-limit",
            paramLabel = "SIZE",
            converter = Quantities.Bytes.class,
            description =
                    "How much private memory the model may take, such as 500M or 2G: copied"
                            + " weights, and on the built-in engine the memory of runs. Default:"
                            + " -Daoti.memory.limit, or no limit.")
    private Long memoryLimit;

    @Option(
            names = "--no-check-indices",
            description =
                    "Do not check before a run that elements used as indices are in range."
                            + " Default: check, unless -Daoti.check.indices=false.")
    private boolean noCheckIndices;

    @Option(
            names = "--allow-empty",
            description =
                    "Accept inputs with a size of 0 where the model was compiled for at least 1, as"
                            + " PyTorch's loader does. A model that divides by that size ends the"
                            + " process. Default: refuse.")
    private boolean allowEmpty;

    @Mixin private Sha256Option sha256;

    @Mixin private CompileOptions compile;

    @Mixin private EngineOptions engine;

    Path file() {
        return file;
    }

    /** Returns all files that are read: the package, weights and operator libraries. */
    List<Path> files() {
        List<Path> files = new ArrayList<>(weights);
        files.addAll(opLibraries);
        files.add(file);
        return files;
    }

    Model load(PrintWriter err) {
        return load(err, 1, 0);
    }

    /**
     * Loads the model.
     *
     * @param runners how many runs may be in flight
     * @param intraOpThreads how many threads one operator may use; 0 for OpenMP's default
     */
    Model load(PrintWriter err, int runners, int intraOpThreads) {
        ModelOptions options =
                sha256.apply(compile.apply(engine.apply(ModelOptions.defaults())))
                        .weights(weights.toArray(Path[]::new))
                        .allowUnknownWeights(allowUnknown)
                        .allowEmptyInputs(allowEmpty)
                        .opLibrary(opLibraries.toArray(Path[]::new))
                        .paging(paging)
                        .runners(runners)
                        .intraOpThreads(intraOpThreads)
                        .progress(new TerminalProgress(err));
        options = model == null ? options : options.model(model);
        options = memoryLimit == null ? options : options.memoryLimit(memoryLimit);
        options = noCheckIndices ? options.checkIndices(false) : options;
        return Model.load(file, device == null ? options : options.device(device));
    }
}
