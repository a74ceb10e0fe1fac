package io.github.aoti4j.internal.load;

import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.compile.CompileSettings;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.nio.file.Path;
import java.util.List;

/** Where the libraries of models come from, as the settings have it. */
public final class Compilation {
    private Compilation() {}

    /** Finds a model's library, and compiles it if the package holds its source only. */
    public static LibrarySource library(
            Pt2Archive archive, PackagedModel model, LoadSettings settings) {
        return LibrarySource.of(
                archive, model, compileSettings(settings), () -> libtorch(settings));
    }

    /** Compiles a model into the cache. */
    public static Path compile(Pt2Archive archive, PackagedModel model, LoadSettings settings) {
        return LibrarySource.compile(
                archive, model, compileSettings(settings), () -> libtorch(settings));
    }

    /** Returns whether a model of source only can be compiled, and can run here. */
    public static List<Requirement> requirements(
            Pt2Archive archive, PackagedModel model, LoadSettings settings) {
        return LibrarySource.requirements(
                archive, model, compileSettings(settings), options(settings));
    }

    private static LibTorchOptions options(LoadSettings settings) {
        return LibTorchOptions.DEFAULT
                .withDirectory(settings.libtorch.orElse(null))
                .withProgress(settings.progress);
    }

    private static CompileSettings compileSettings(LoadSettings settings) {
        return CompileSettings.ofProcess()
                .with(settings.compiler, settings.includes, settings.progress);
    }

    /** The folder of the libtorch that is loaded, or will be. */
    private static Path libtorch(LoadSettings settings) {
        return LibTorch.loaded()
                .map(LibTorch::directory)
                .orElseGet(() -> LibTorchLocator.ofProcess().locate(options(settings)).directory());
    }
}
