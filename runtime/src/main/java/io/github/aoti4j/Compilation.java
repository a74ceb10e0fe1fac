package io.github.aoti4j;

import io.github.aoti4j.internal.compile.CompileSettings;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.nio.file.Path;

/** Where the libraries of models come from, as the caller's options have it. */
final class Compilation {
    private Compilation() {}

    /** Finds a model's library, and compiles it if the package holds its source only. */
    static LibrarySource library(Pt2Archive archive, PackagedModel model, ModelOptions options) {
        return LibrarySource.of(archive, model, settings(options), () -> libtorch(options));
    }

    /** Compiles a model into the cache. */
    static Path compile(Pt2Archive archive, PackagedModel model, ModelOptions options) {
        return LibrarySource.compile(archive, model, settings(options), () -> libtorch(options));
    }

    private static CompileSettings settings(ModelOptions options) {
        return CompileSettings.ofProcess()
                .withCompiler(options.compiler().orElse(null))
                .withIncludes(options.includes().orElse(null))
                .withProgress(options.progress());
    }

    /** The folder of the libtorch that is loaded, or will be. */
    private static Path libtorch(ModelOptions options) {
        return LibTorch.loaded()
                .map(LibTorch::directory)
                .orElseGet(
                        () ->
                                LibTorchLocator.ofProcess()
                                        .locate(
                                                LibTorchOptions.DEFAULT
                                                        .withDirectory(
                                                                options.libtorch().orElse(null))
                                                        .withProgress(options.progress()))
                                        .directory());
    }
}
