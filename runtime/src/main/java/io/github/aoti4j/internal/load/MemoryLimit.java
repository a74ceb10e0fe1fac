package io.github.aoti4j.internal.load;

import io.github.aoti4j.cache.ByteSize;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.memory.MemoryBudget;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.util.ArrayList;
import java.util.List;

/** The limit of a model's private memory, and whether what it takes on loading is within it. */
public final class MemoryLimit {
    /** For models that are loaded without a limit of their own. */
    static final String PROPERTY = "aoti.memory.limit";

    private MemoryLimit() {}

    /**
     * Returns the limit in bytes.
     *
     * @throws IncompatibleModelException if the property is no size
     */
    static long of(LoadSettings settings) {
        return settings.memoryLimit.isPresent() ? settings.memoryLimit.getAsLong() : ofProcess();
    }

    private static long ofProcess() {
        String text = System.getProperty(PROPERTY);
        try {
            return text == null || text.isEmpty() ? MemoryBudget.UNLIMITED : ByteSize.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IncompatibleModelException("-D%s: %s".formatted(PROPERTY, e.getMessage()), e);
        }
    }

    /**
     * Refuses a package that is to be copied into memory, for a model with a limit.
     *
     * @param name of the package
     * @throws MemoryLimitException if it is larger than the limit
     */
    public static void requireRoom(String name, long bytes, LoadSettings settings) {
        new MemoryBudget(settings.model.orElse("model"), of(settings))
                .takeForWeights(
                        bytes, "package " + name + ", which is copied, needs", "open it as a file");
    }

    /**
     * Counts what a model takes on loading, before any of it is taken.
     *
     * @param label the model's name in messages
     * @throws MemoryLimitException if it is beyond the limit, with the figures
     */
    static void take(MemoryBudget budget, String label, WeightsMemory weights, Pt2Archive archive) {
        long inMemory = archive.bytesInMemory();
        long bytes = Sizes.add(weights.inPrivate(), inMemory);
        if (!budget.tryTakeForWeights(bytes)) {
            throw budget.refusal(describe(label, weights, inMemory), bytes, cure(weights));
        }
    }

    private static String describe(String label, WeightsMemory weights, long inMemory) {
        List<String> parts = new ArrayList<>();
        if (weights.copies() > 0) {
            parts.add(
                    "%s %d bytes of weights%s%s"
                            .formatted(
                                    weights.known() ? "" : "at most",
                                    weights.copied(),
                                    weights.inLibrary() ? " in its library" : "",
                                    weights.copies() > 1
                                            ? ", copied for each of %d runners"
                                                    .formatted(weights.copies())
                                            : ", copied")
                            .strip());
        }
        if (weights.folded() > 0) {
            parts.add(weights.folded() + " bytes of constants that are computed");
        }
        if (inMemory > 0) {
            parts.add(inMemory + " bytes of the package in memory");
        }
        return "%s (%s) needs".formatted(label, String.join(", ", parts));
    }

    private static String cure(WeightsMemory weights) {
        if (weights.copies() > 1) {
            return "load it with fewer runners";
        }
        return weights.inLibrary()
                ? "export the model with its weights beside the library, which are used in place"
                        + " (\"aot_inductor.package_constants_on_disk_format\": \"binary_blob\")"
                : "use weights in place (ModelOptions.copyWeights)";
    }
}
