package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How to load a model. Immutable: each method returns a changed copy.
 *
 * <pre>{@code
 * Model.load(path, ModelOptions.defaults().model("decoder").runners(4));
 * }</pre>
 */
public final class ModelOptions {
    private static final ModelOptions DEFAULTS = new ModelOptions(null, 1, null);

    private final String model;
    private final int runners;
    private final Path libtorch;

    private ModelOptions(String model, int runners, Path libtorch) {
        this.model = model;
        this.runners = runners;
        this.libtorch = libtorch;
    }

    /**
     * Returns the defaults: the package's only model, one run at a time, libtorch wherever it is
     * found.
     *
     * @return the defaults
     */
    public static ModelOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Chooses a model of the package.
     *
     * @param name one of {@link ModelPackage#models()}; needed where there are several
     * @return changed options
     */
    public ModelOptions model(String name) {
        return new ModelOptions(requireNonNull(name, "name"), runners, libtorch);
    }

    /**
     * Sets how many runs may be in flight at once. Each costs the native scratch memory of one run;
     * the weights are shared. With one, the model runs through the entry point that takes no locks.
     *
     * @param count at least 1
     * @return changed options
     * @throws IllegalArgumentException if the count is less than 1
     */
    public ModelOptions runners(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("runners must be at least 1, but is " + count);
        }
        return new ModelOptions(model, count, libtorch);
    }

    /**
     * Names the folder that holds libtorch. There is one libtorch per process: the first model
     * loaded decides.
     *
     * @param directory holds {@code libtorch_cpu.so}, itself or in {@code lib}
     * @return changed options
     */
    public ModelOptions libtorch(Path directory) {
        return new ModelOptions(model, runners, requireNonNull(directory, "directory"));
    }

    /**
     * Returns the chosen model.
     *
     * @return empty for the package's only one
     */
    public Optional<String> model() {
        return Optional.ofNullable(model);
    }

    /**
     * Returns how many runs may be in flight at once.
     *
     * @return at least 1
     */
    public int runners() {
        return runners;
    }

    /**
     * Returns the folder that holds libtorch.
     *
     * @return empty to look for it
     */
    public Optional<Path> libtorch() {
        return Optional.ofNullable(libtorch);
    }
}
