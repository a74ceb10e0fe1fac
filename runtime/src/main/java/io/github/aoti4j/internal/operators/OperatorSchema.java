package io.github.aoti4j.internal.operators;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What an operator takes and gives.
 *
 * @param name namespace and name, such as {@code aten::add}
 * @param overload such as {@code Tensor}; empty for the operator without one
 * @param arguments in the order of the stack
 * @param results in the order of the stack
 */
public record OperatorSchema(
        String name, String overload, List<Argument> arguments, List<Result> results) {

    /**
     * An argument.
     *
     * @param name by which a node of a package refers to it
     * @param written whether the operator writes into it
     */
    public record Argument(
            String name, ValueType type, boolean written, Optional<Literal> fallback) {}

    /**
     * A result.
     *
     * @param aliases whether it shares memory with an argument
     */
    public record Result(ValueType type, boolean aliases) {}

    /** Returns the name with the overload, such as {@code aten::add.Tensor}. */
    public String qualifiedName() {
        return overload.isEmpty() ? name : name + "." + overload;
    }

    /** Returns how many places a call needs: the larger of arguments and results. */
    public int stackSize() {
        return Math.max(arguments.size(), results.size());
    }

    /** Returns whether a call with arguments for another schema fits this one. */
    public boolean passesLike(OperatorSchema other) {
        return types().equals(other.types());
    }

    /**
     * Returns what it takes and gives, for messages, such as {@code demo::scale(Tensor x, float by)
     * -> Tensor}.
     */
    String signature() {
        return arguments.stream()
                        .map(a -> a.type + " " + a.name)
                        .collect(Collectors.joining(", ", qualifiedName() + "(", ")"))
                + " -> "
                + results.stream().map(r -> r.type.toString()).collect(Collectors.joining(", "));
    }

    private String types() {
        return arguments.stream().map(a -> a.type.toString()).collect(Collectors.joining(","))
                + "->"
                + results.stream().map(r -> r.type.toString()).collect(Collectors.joining(","));
    }
}
