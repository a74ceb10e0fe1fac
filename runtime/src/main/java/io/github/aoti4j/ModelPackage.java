package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.libtorch.LibTorchOptions;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.Examination;
import io.github.aoti4j.weights.PackagedModel;
import io.github.aoti4j.weights.Pt2Archive;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A {@code .pt2} package: its index, read; nothing unpacked and nothing loaded.
 *
 * <p>Thread-safe. Models that were loaded from it do not need it any more.
 */
public final class ModelPackage implements AutoCloseable {
    private final Pt2Archive archive;

    private ModelPackage(Pt2Archive archive) {
        this.archive = archive;
    }

    /**
     * Opens a package.
     *
     * @param path a {@code .pt2} file
     * @return the open package, to be closed by the caller
     * @throws PackageException if the file is not a sound package
     */
    public static ModelPackage open(Path path) {
        return new ModelPackage(Pt2Archive.open(requireNonNull(path, "path")));
    }

    /**
     * Returns the path that the package was opened with.
     *
     * @return the path, also after close
     */
    public Path path() {
        return archive.path();
    }

    /**
     * Returns the names of the models in the package.
     *
     * @return at least one name, in the package's order
     */
    public List<String> models() {
        return archive.models();
    }

    /**
     * Returns what the compiler noted about a model, and the strings that its author added.
     *
     * @param model one of {@link #models()}
     * @return for example {@code AOTI_CPU_ISA} to {@code AVX2}; unmodifiable
     * @throws PackageException if there is no such model, or its metadata are not JSON
     */
    public Map<String, String> metadata(String model) {
        return archive.model(model).metadata();
    }

    /**
     * Describes a model without loading it.
     *
     * @param model one of {@link #models()}
     * @return what the package says of it
     * @throws PackageException if there is no such model, or its part of the package is damaged
     */
    public ModelDescription describe(String model) {
        return ModelDescription.of(archive, archive.model(model));
    }

    /**
     * Asks whether a model can run here, without loading anything. An embedded libtorch is unpacked
     * into the cache if that has not happened yet.
     *
     * @param model one of {@link #models()}
     * @param libtorch where to look for libtorch
     * @return all that the model needs, met or not; what only deserves a warning is met
     * @throws PackageException if there is no such model, or its part of the package is damaged
     */
    public List<Requirement> requirements(String model, LibTorchOptions libtorch) {
        return Requirement.of(Examination.of(archive, archive.model(model)), libtorch);
    }

    /**
     * Loads the package's only model.
     *
     * @return the model, to be closed by the caller
     * @throws PackageException if there are several models, or the model's part of the package is
     *     damaged
     * @throws IncompatibleModelException if it cannot run here
     * @throws NativeException if the model's own set-up fails
     */
    public Model load() {
        return load(ModelOptions.defaults());
    }

    /**
     * Loads a model.
     *
     * @param options which model, and how
     * @return the model, to be closed by the caller
     * @throws PackageException if there is no such model, or its part of the package is damaged
     * @throws IncompatibleModelException if it cannot run here
     * @throws NativeException if the model's own set-up fails
     */
    public Model load(ModelOptions options) {
        return ModelLoader.load(archive, choose(options), options);
    }

    private PackagedModel choose(ModelOptions options) {
        if (options.model().isPresent()) {
            return archive.model(options.model().get());
        }
        if (models().size() > 1) {
            throw new PackageException(
                    path(),
                    "holds several models: name one of "
                            + String.join(", ", models())
                            + " (ModelOptions.model, or --model)");
        }
        return archive.model(models().getFirst());
    }

    /** Closes the file. Models loaded from it live on. Closing again does nothing. */
    @Override
    public void close() {
        archive.close();
    }
}
