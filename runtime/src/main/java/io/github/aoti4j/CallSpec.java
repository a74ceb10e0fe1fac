package io.github.aoti4j;

import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.callspec.Flattener;
import io.github.aoti4j.internal.callspec.InputLeaves;
import io.github.aoti4j.internal.callspec.Paths;
import io.github.aoti4j.internal.callspec.Plan;
import io.github.aoti4j.internal.callspec.Shaper;
import io.github.aoti4j.internal.callspec.Signature;
import io.github.aoti4j.internal.callspec.TreeSpecReader;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How a model is called: the nested arguments and results of the Python {@code forward} that it was
 * exported from. Immutable and thread-safe.
 *
 * <p>PyTorch keeps the structure in the package (its TreeSpec), the names of keyword arguments, but
 * not those of positional ones. In a call,
 *
 * <ul>
 *   <li>a tensor is a {@link Tensor}; for one without dimensions a {@link Long}, {@link Integer},
 *       {@link Double}, {@link Float} or {@link Boolean} will do;
 *   <li>a list, tuple or deque is a {@link List} or an array of objects; a tuple may be a record;
 *   <li>a named tuple is a record or a {@link List}, in the order of its fields: the package does
 *       not name them;
 *   <li>a dict of any kind, a dataclass, and all keyword arguments together, are a {@link Map} or a
 *       record whose components have the names of the keys; {@code input_ids} may be spelled {@code
 *       inputIds}. Integer keys may be of any integer type. The order does not matter;
 *   <li>None is null.
 * </ul>
 *
 * <p>Results come as unmodifiable lists and maps (with null for None), or as a record class that
 * the caller names: for a tuple by position, with all elements; for dicts and dataclasses by name,
 * as many as the record has components. Components can be records, lists and maps in turn.
 *
 * <p>Plain values among the arguments (numbers, strings, None) became part of the compiled code at
 * export; no package says what they were. As in PyTorch's own loader they have no effect: any plain
 * value or null may be given for them, and where they come last or have a name they may be left
 * out. A tensor may not be given for them.
 *
 * <p>Records are read and made with method handles, found once for each class. On the class path
 * any record will do; a record in a named module needs {@code opens its.package to
 * io.github.aoti4j}, or has to be public in an exported package.
 */
public final class CallSpec {
    private final Plan inputs;
    private final Plan outputs;
    private final InputLeaves leaves;
    private final Flattener flattener;
    private final Shaper natural;
    private final Map<Class<?>, Shaper> shapers = new ConcurrentHashMap<>();

    private CallSpec(Plan inputs, Plan outputs, InputLeaves leaves) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.leaves = leaves;
        flattener = new Flattener(inputs, leaves);
        natural = Shaper.of(outputs);
    }

    /**
     * Reads a call spec.
     *
     * @param inputNames what the compiled model calls its inputs
     * @throws CallSpecException if the texts are not call specs, or those of another model
     */
    static CallSpec of(
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
        return new CallSpec(inputs, outputs, InputLeaves.of(inputs.leafCount(), inputNames));
    }

    /**
     * Returns the positional arguments.
     *
     * @return a tuple
     */
    public Structure.Sequence args() {
        return (Structure.Sequence) pair().elements().getFirst();
    }

    /**
     * Returns the keyword arguments.
     *
     * @return a dict whose keys are strings
     */
    public Structure.Mapping kwargs() {
        return (Structure.Mapping) pair().elements().getLast();
    }

    private Structure.Sequence pair() {
        return (Structure.Sequence) Structures.ofInput(inputs, leaves);
    }

    /**
     * Returns the results.
     *
     * @return a container, or the only tensor
     */
    public Structure outputs() {
        return Structures.ofOutput(outputs);
    }

    /**
     * Returns where the flat inputs of {@link Model#run(Arena, List)} stand in a call.
     *
     * @return by input, for example {@code kwargs.opts["k"][0]}; empty if the package does not tell
     *     which arguments are inputs and which are constants
     */
    public List<String> inputPaths() {
        if (leaves.certain() == null) {
            return List.of();
        }
        List<String> paths = new ArrayList<>();
        for (int leaf : leaves.certain()) {
            paths.add(inputPath(leaf));
        }
        return List.copyOf(paths);
    }

    /**
     * Returns where the flat outputs of {@link Model#run(Arena, List)} stand in the results.
     *
     * @return by output, for example {@code output["loss"]}
     */
    public List<String> outputPaths() {
        List<String> paths = new ArrayList<>();
        for (int leaf = 0; leaf < outputs.leafCount(); leaf++) {
            paths.add(Paths.ofOutput(outputs, outputs.leafNode(leaf)));
        }
        return List.copyOf(paths);
    }

    private String inputPath(int leaf) {
        return Paths.ofInput(inputs, inputs.leafNode(leaf));
    }

    /**
     * Describes the call in Python's notation.
     *
     * @return for example {@code forward(Tensor, *, opts: {"k": [Tensor, Tensor]}) -> (Tensor,
     *     {"loss": Tensor})}; {@code constant} stands for what was a plain value at export, and a
     *     named tuple has no names
     */
    public String describe() {
        return Signature.of(inputs, leaves, outputs);
    }

    @Override
    public String toString() {
        return describe();
    }

    /**
     * Makes the flat inputs of a call.
     *
     * @param arena owns tensors that are made of numbers
     * @param infos what the model says of its inputs
     */
    Tensor[] flatten(Arguments arguments, Arena arena, List<InputInfo> infos) {
        Object[] values = flattener.flatten(arguments.positional(), arguments.keywords());
        int[] inputLeaves = inputLeaves(values);
        Tensor[] tensors = new Tensor[inputLeaves.length];
        int next = 0;
        for (int leaf = 0; leaf < values.length; leaf++) {
            if (next < tensors.length && inputLeaves[next] == leaf) {
                tensors[next] = tensor(values[leaf], leaf, arena, infos.get(next));
                next++;
            } else {
                requirePlain(values[leaf], leaf);
            }
        }
        return tensors;
    }

    /** Returns the leaf of each input. */
    private int[] inputLeaves(Object[] values) {
        int[] found = leaves.certain();
        if (found == null) {
            found = leaves.chosen(values, Tensor.class);
            if (found == null) {
                throw undecided(values);
            }
        }
        return found;
    }

    private Tensor tensor(Object value, int leaf, Arena arena, InputInfo info) {
        return switch (value) {
            case Tensor tensor -> tensor;
            case Number number -> ScalarTensors.of(arena, number, info, inputPath(leaf));
            case Boolean truth -> ScalarTensors.of(arena, truth, info, inputPath(leaf));
            case null -> throw wanted(leaf, "null");
            default -> throw wanted(leaf, "a " + value.getClass().getName());
        };
    }

    private InvalidInputException wanted(int leaf, String given) {
        return new InvalidInputException(
                "%s is %s, but a Tensor is wanted".formatted(inputPath(leaf), given));
    }

    private void requirePlain(Object value, int leaf) {
        switch (value) {
            case Tensor _, List<?> _, Map<?, ?> _, Record _, Object[] _ ->
                    throw new InvalidInputException(
                            ("%s is a %s, but it was a plain value or None when the model was"
                                            + " exported, which the compiled code holds: give a"
                                            + " plain value or null")
                                    .formatted(inputPath(leaf), value.getClass().getSimpleName()));
            case null, default -> {}
        }
    }

    private InvalidInputException undecided(Object[] values) {
        List<String> given = new ArrayList<>();
        for (int leaf = 0; leaf < values.length; leaf++) {
            if (values[leaf] instanceof Tensor) {
                given.add(inputPath(leaf));
            }
        }
        return new InvalidInputException(
                "the tensors given, %s, are not those of the call that was exported; it is %s"
                        .formatted(
                                given.isEmpty() ? "none" : String.join(", ", given),
                                Signature.ofArguments(inputs, leaves)));
    }

    /** Makes lists and maps of the flat outputs. */
    Object shape(List<Tensor> flat) {
        return natural.shape(flat.toArray());
    }

    /** Returns the way to a type, which is compiled once. */
    Shaper shaper(Class<?> type) {
        Shaper shaper = shapers.get(type);
        return shaper != null
                ? shaper
                : shapers.computeIfAbsent(type, t -> Shaper.of(outputs, Tensor.class, t));
    }

    /**
     * Adds to a message about inputs, which names them as the model does, where they stand.
     *
     * @param arguments which have been flattened without failure
     */
    String explain(String message, Arguments arguments, List<InputInfo> infos) {
        var text = new StringBuilder(message);
        int[] found = inputLeaves(flattener.flatten(arguments.positional(), arguments.keywords()));
        for (int i = 0; i < found.length; i++) {
            String name = '"' + infos.get(i).name() + '"';
            if (message.contains(name)) {
                text.append(" (").append(name).append(" is ").append(inputPath(found[i]));
                text.append(')');
            }
        }
        return text.toString();
    }
}
