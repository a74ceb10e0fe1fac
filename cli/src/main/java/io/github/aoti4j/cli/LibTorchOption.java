package io.github.aoti4j.cli;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchOptions;

import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.nio.file.Path;

/** {@code --libtorch}. */
final class LibTorchOption {
    @Option(
            names = "--libtorch",
            paramLabel = "DIR",
            description =
                    "The folder that holds libtorch_cpu.so. Default: -Daoti.libtorch or"
                            + " AOTI_LIBTORCH, then the embedded one.")
    private Path directory;

    /** Loads libtorch; {@code intraOpThreads} is 0 for its default. */
    LibTorch load(PrintWriter err, int intraOpThreads) {
        return LibTorch.load(options(err).withThreads(intraOpThreads));
    }

    LibTorchOptions options(PrintWriter err) {
        return LibTorchOptions.DEFAULT
                .withDirectory(directory)
                .withProgress(new TerminalProgress(err));
    }

    ModelOptions apply(ModelOptions options) {
        return directory == null ? options : options.libtorch(directory);
    }
}
