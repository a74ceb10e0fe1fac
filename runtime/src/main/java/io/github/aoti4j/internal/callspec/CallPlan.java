package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How a model is called: flat inputs from nested arguments, nested results from flat outputs.
 * Immutable and thread-safe.
 */
public final class CallPlan {
    private final Plan inputs;
    private final Plan outputs;
    private final InputLeaves leaves;
    private final Flattener flattener;
    private final Shaper natural;
    private final Map<Class<?>, Shaper> shapers = new ConcurrentHashMap<>();

    private CallPlan(Plan inputs, Plan outputs, InputLeaves leaves) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.leaves = leaves;
        flattener = new Flattener(inputs, leaves);
        natural = Shaper.of(outputs);
    }

    /**
     * Reads a call spec; throws {@link CallSpecException} if the texts are not those of the model.
     */
    public static CallPlan of(
            String inputSpec, String outputSpec, List<String> inputNames, int outputCount) {
        Plan inputs = TreeSpecReader.inputs(inputSpec);
        Plan outputs = TreeSpecReader.outputs(outputSpec);
        if (inputs.leafCount() < inputNames.size()) {
            throw new CallSpecException(
                    "the model takes %d inputs, but its call spec has %d"
                            .formatted(inputNames.size(), inputs.leafCount()));
        }
        if (outputs.leafCount() != outputCount) {
            throw new CallSpecException(
                    "the model has %d outputs, but its call spec %d"
                            .formatted(outputCount, outputs.leafCount()));
        }
        return new CallPlan(inputs, outputs, InputLeaves.of(inputs.leafCount(), inputNames));
    }

    public Plan inputs() {
        return inputs;
    }

    public Plan outputs() {
        return outputs;
    }

    public InputLeaves leaves() {
        return leaves;
    }

    /** Returns the paths of the flat inputs in a call; empty if the package does not state them. */
    public List<String> inputPaths() {
        return leaves.certain() == null
                ? List.of()
                : Arrays.stream(leaves.certain()).mapToObj(this::inputPath).toList();
    }

    /** Returns the paths of the flat outputs in the results. */
    public List<String> outputPaths() {
        return IntStream.range(0, outputs.leafCount())
                .mapToObj(leaf -> Paths.ofOutput(outputs, outputs.leafNode(leaf)))
                .toList();
    }

    private String inputPath(int leaf) {
        return Paths.ofInput(inputs, inputs.leafNode(leaf));
    }

    /** Describes the call in Python's notation. */
    public String describe() {
        return Signature.of(inputs, leaves, outputs);
    }

    /** Makes a tensor of a number or a bool, for the input of that index. */
    public interface Scalars<T> {
        T tensor(Object value, int input, String path);
    }

    /** Makes the flat inputs of a call; keywords are a map, a record, or null. */
    @SuppressWarnings("unchecked") // an array of the very type
    public <T> T[] flatten(
            Object[] positional, Object keywords, Class<T> type, Scalars<T> scalars) {
        Object[] values = flattener.flatten(positional, keywords);
        int[] inputLeaves = inputLeaves(values, type);
        T[] tensors = (T[]) Array.newInstance(type, inputLeaves.length);
        int next = 0;
        for (int leaf = 0; leaf < values.length; leaf++) {
            if (next < tensors.length && inputLeaves[next] == leaf) {
                tensors[next] = tensor(values[leaf], leaf, next, type, scalars);
                next++;
            } else {
                requirePlain(values[leaf], leaf, type);
            }
        }
        return tensors;
    }

    /** Returns the leaf of each input. */
    private int[] inputLeaves(Object[] values, Class<?> type) {
        int[] found = leaves.certain() != null ? leaves.certain() : leaves.chosen(values, type);
        if (found == null) {
            throw undecided(values, type);
        }
        return found;
    }

    private <T> T tensor(Object value, int leaf, int input, Class<T> type, Scalars<T> scalars) {
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        return switch (value) {
            case Number _, Boolean _ -> scalars.tensor(value, input, inputPath(leaf));
            case null -> throw wanted(leaf, "null");
            default -> throw wanted(leaf, "a " + value.getClass().getName());
        };
    }

    private InvalidInputException wanted(int leaf, String given) {
        return new InvalidInputException(
                "%s is %s, but a Tensor is required".formatted(inputPath(leaf), given));
    }

    private void requirePlain(Object value, int leaf, Class<?> type) {
        boolean plain =
                !type.isInstance(value)
                        && switch (value) {
                            case List<?> _, Map<?, ?> _, Record _, Object[] _ -> false;
                            case null, default -> true;
                        };
        if (!plain) {
            throw new InvalidInputException(
                    "%s is a %s, but it was a plain value or None when the model was exported, which the compiled code holds: give a plain value or null"
                            .formatted(inputPath(leaf), value.getClass().getSimpleName()));
        }
    }

    private InvalidInputException undecided(Object[] values, Class<?> type) {
        String given =
                IntStream.range(0, values.length)
                        .filter(leaf -> type.isInstance(values[leaf]))
                        .mapToObj(this::inputPath)
                        .collect(Collectors.joining(", "));
        return new InvalidInputException(
                "the tensors given, %s, are not those of the call that was exported; it is %s"
                        .formatted(
                                given.isEmpty() ? "none" : given,
                                Signature.ofArguments(inputs, leaves)));
    }

    /** Makes lists and maps of the flat outputs. */
    public Object shape(List<?> flat) {
        return natural.shape(flat.toArray());
    }

    /** Returns the shaper of a type, which is compiled once. */
    public Shaper shaper(Class<?> type, Class<?> tensor) {
        Shaper shaper = shapers.get(type);
        return shaper != null
                ? shaper
                : shapers.computeIfAbsent(type, t -> Shaper.of(outputs, tensor, t));
    }

    /**
     * Adds to a message about inputs, which names them as the model does, where they are in a call
     * that has been flattened without failure.
     */
    public String explain(
            String message,
            Object[] positional,
            Object keywords,
            Class<?> type,
            List<String> inputNames) {
        var text = new StringBuilder(message);
        int[] found = inputLeaves(flattener.flatten(positional, keywords), type);
        for (int i = 0; i < found.length; i++) {
            String name = '"' + inputNames.get(i) + '"';
            if (message.contains(name)) {
                text.append(" (%s is %s)".formatted(name, inputPath(found[i])));
            }
        }
        return text.toString();
    }
}
