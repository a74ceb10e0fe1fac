package io.github.aoti4j;

import io.github.aoti4j.internal.callspec.CallPlan;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;

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
 * <p>Results are unmodifiable lists and maps (with null for None), or as a record class that the
 * caller names: for a tuple by position, with all elements; for dicts and dataclasses by name, as
 * many as the record has components. Components can be records, lists and maps in turn.
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
    private final CallPlan plan;

    CallSpec(CallPlan plan) {
        this.plan = plan;
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
        return (Structure.Sequence) Structures.ofInput(plan.inputs(), plan.leaves());
    }

    /**
     * Returns the results.
     *
     * @return a container, or the only tensor
     */
    public Structure outputs() {
        return Structures.ofOutput(plan.outputs());
    }

    /**
     * Returns the paths of the flat inputs of {@link Model#run(Arena, List)} in a call.
     *
     * @return by input, for example {@code kwargs.opts["k"][0]}; empty if the package does not say
     *     which arguments are inputs and which are constants
     */
    public List<String> inputPaths() {
        return plan.inputPaths();
    }

    /**
     * Returns the paths of the flat outputs of {@link Model#run(Arena, List)} in the results.
     *
     * @return by output, for example {@code output["loss"]}
     */
    public List<String> outputPaths() {
        return plan.outputPaths();
    }

    /**
     * Describes the call in Python's notation.
     *
     * @return for example {@code forward(Tensor, *, opts: {"k": [Tensor, Tensor]}) -> (Tensor,
     *     {"loss": Tensor})}; {@code constant} stands for what was a plain value at export, and a
     *     named tuple has no names
     */
    public String describe() {
        return plan.describe();
    }

    @Override
    public String toString() {
        return describe();
    }
}
