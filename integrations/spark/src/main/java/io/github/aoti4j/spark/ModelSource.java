package io.github.aoti4j.spark;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.core.Engine;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;

/**
 * Where executors find a model, and how they load it. Executors load one model for each.
 *
 * @param name what the user calls the package, for messages
 * @param file the package
 * @param weights files of weights, in the order in which they are searched
 * @param model the chosen model; null for the package's only one
 * @param engine null for the default
 * @param runners 0 for as many as the executor has cores
 * @param memoryLimit in bytes; negative for none
 */
record ModelSource(
        String name,
        SharedFile file,
        List<SharedFile> weights,
        String model,
        Engine engine,
        int intraOpThreads,
        int runners,
        long memoryLimit)
        implements Serializable {
    ModelSource {
        weights = List.copyOf(weights);
    }

    /** Returns the options, with files where they lie on this host. */
    ModelOptions options() {
        ModelOptions options =
                ModelOptions.defaults()
                        .sha256(file.sha256())
                        .intraOpThreads(intraOpThreads)
                        .runners(runners > 0 ? runners : Runtime.getRuntime().availableProcessors())
                        .weights(weights.stream().map(SharedFile::verified).toArray(Path[]::new));
        options = model == null ? options : options.model(model);
        options = engine == null ? options : options.engine(engine);
        return memoryLimit < 0 ? options : options.memoryLimit(memoryLimit);
    }
}
