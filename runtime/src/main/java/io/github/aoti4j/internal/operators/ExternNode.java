package io.github.aoti4j.internal.operators;

import java.util.List;
import java.util.Map;

/**
 * One call that a model makes through the proxy executor.
 *
 * @param operator the operator's name, such as {@code aten::add}
 * @param overload such as {@code Tensor}, or nothing
 * @param arguments by name; those that are left out have their default
 * @param outputs in the order of the results; those at the end may be left out
 */
record ExternNode(
        String operator, String overload, Map<String, Given> arguments, List<Given> outputs) {

    /**
     * What the package says of an argument or an output.
     *
     * @param kind the package's word for it, such as {@code as_tensor}
     * @param value the value; null where its kind is not known here
     */
    record Given(String kind, Literal value) {}

    String qualifiedName() {
        return overload.isEmpty() ? operator : operator + "." + overload;
    }
}
