package io.github.aoti4j.internal.inputs;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What messages call a model's inputs: by their place in the exported call ({@code args[0]}, {@code
 * kwargs.x}) where the package states it, and by the name in the exported graph.
 *
 * <p>Thread-safe. The places are read when the first message needs them.
 */
public final class InputNames {
    private final List<String> names;
    private final Supplier<List<String>> source;

    /** By input; empty if the package does not state them. Null until they are read. */
    private volatile List<String> paths;

    /**
     * Sets the names.
     *
     * @param names those of the exported graph; where the list is shorter or a name is empty, the
     *     input's number is used
     * @param paths reads the places of the inputs in a call: one for each input, or none; may
     *     throw, for example where the call spec is damaged
     */
    public InputNames(List<String> names, Supplier<List<String>> paths) {
        this.names = List.copyOf(names);
        this.source = paths;
    }

    /** Returns an input's place in the exported call, such as {@code args[0]}; empty if unknown. */
    public Optional<String> path(int index) {
        List<String> known = paths;
        if (known == null) {
            try {
                known = source.get();
            } catch (RuntimeException e) {
                // A name is not worth a failure; a closed model may have been asked.
                return Optional.empty();
            }
            paths = known;
        }
        return index < known.size() ? Optional.of(known.get(index)) : Optional.empty();
    }

    /** Returns what messages call an input, such as {@code input 0 args[0] (arg4_1)}. */
    public String label(int index) {
        String name = index < names.size() ? names.get(index) : "";
        Optional<String> path = path(index);
        if (path.isEmpty()) {
            return name.isEmpty() ? "input " + index : "input %d \"%s\"".formatted(index, name);
        }
        return "input %d %s%s"
                .formatted(index, path.get(), name.isEmpty() ? "" : " (" + name + ")");
    }
}
