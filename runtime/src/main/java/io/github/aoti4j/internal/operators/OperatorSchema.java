package io.github.aoti4j.internal.operators;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An operator's name, arguments and results; both lists are in the order of the stack.
 *
 * @param name namespace and name, such as {@code aten::add}
 * @param overload such as {@code Tensor}; may be empty
 */
record OperatorSchema(
        String name, String overload, List<Argument> arguments, List<Result> results) {
    record Argument(String name, ValueType type, boolean written, Optional<Literal> fallback) {}

    record Result(ValueType type, boolean aliases) {}

    /** Returns the name with the overload, such as {@code aten::add.Tensor}. */
    String qualifiedName() {
        return overload.isEmpty() ? name : name + "." + overload;
    }

    /** Returns how many places a call needs: for its arguments, and then for its results. */
    int stackSize() {
        return Math.max(arguments.size(), results.size());
    }

    /** Returns whether a call with arguments for another schema fits this one. */
    boolean passesLike(OperatorSchema other) {
        return types().equals(other.types());
    }

    private List<List<ValueType>> types() {
        return List.of(
                arguments.stream().map(Argument::type).toList(),
                results.stream().map(Result::type).toList());
    }

    /** Returns for example {@code demo::scale(Tensor x, float by) -> Tensor}. */
    String signature() {
        return arguments.stream()
                        .map(a -> a.type + " " + a.name)
                        .collect(Collectors.joining(", ", qualifiedName() + "(", ")"))
                + " -> "
                + results.stream().map(r -> r.type.toString()).collect(Collectors.joining(", "));
    }
}
