package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.ExternNode.Given;
import io.github.aoti4j.internal.operators.Literal.FloatLiteral;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Text;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

import java.util.List;
import java.util.Optional;

/**
 * One argument as PyTorch's own executor takes it.
 *
 * @param json the value, as in a package
 * @param tensors how many tensors the model passes for it
 * @param ints how many integers the model passes for it; all other values are in the package
 */
record ExecutorArgument(JsonNode json, int tensors, int ints) {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Returns the argument for a value; empty if the executor does not take such a value. */
    static Optional<ExecutorArgument> of(Given given, ValueType type) {
        if (given.kind().equals("as_optional_tensor")) {
            return of(ExternNode.given(given.json()), type);
        }
        return switch (type) {
            case OptionalType _ when given.value() instanceof None -> constant(given);
            case OptionalType optional -> of(given, optional.inner());
            case Plain plain -> plain(given, plain);
            case ListType list -> list(given, list.element());
            case ValueType.Other _ -> Optional.empty();
        };
    }

    private static Optional<ExecutorArgument> plain(Given given, Plain type) {
        return switch (type) {
            case TENSOR -> given.kind().equals("as_tensor") ? tensors(given, 1) : Optional.empty();
            case INT ->
                    given.kind().equals("as_int") || given.kind().equals("as_sym_int")
                            ? ints(1, false)
                            : Optional.empty();
            case FLOAT ->
                    given.value() instanceof IntLiteral(long number)
                            ? constant("as_float", JSON.numberNode((double) number))
                            : finite(given);
            case SCALAR ->
                    switch (given.kind()) {
                        case "as_int", "as_sym_int" -> ints(1, false);
                        case "as_float" -> finite(given);
                        case "as_bool" -> constant(given);
                        default -> Optional.empty();
                    };
            case BOOL -> ofKind(given, "as_bool");
            case STRING -> ofKind(given, "as_string");
            case DTYPE -> ofKind(given, "as_scalar_type");
            case LAYOUT -> ofKind(given, "as_layout");
            case MEMORY_FORMAT -> ofKind(given, "as_memory_format");
            case DEVICE ->
                    given.value() instanceof Text(String name) && name.startsWith("cpu")
                            ? ofKind(given, "as_device")
                            : Optional.empty();
        };
    }

    private static Optional<ExecutorArgument> list(Given given, ValueType element) {
        int size = given.value() instanceof ListLiteral(var elements) ? elements.size() : 0;
        boolean isInts = given.kind().equals("as_ints");
        boolean isTensors = given.kind().equals("as_tensors");
        return switch (element) {
            // The executor leaves out lists of tensors and integers that are empty.
            case Plain.TENSOR -> isTensors && size > 0 ? tensors(given, size) : Optional.empty();
            case Plain.INT ->
                    (isInts || given.kind().equals("as_sym_ints")) && size > 0
                            ? ints(size, true)
                            : Optional.empty();
            case Plain.FLOAT -> isInts ? floats(given) : finite(given);
            case Plain.BOOL -> ofKind(given, "as_bools");
            case Plain.STRING -> ofKind(given, "as_strings");
            case OptionalType(ValueType inner) when inner == Plain.TENSOR -> {
                boolean isOptional = given.kind().equals("as_optional_tensors");
                yield (isTensors || isOptional) && size > 0
                        ? tensors(given, present(given))
                        : Optional.empty();
            }
            // It keeps a list of others for all calls, and such a list is not converted.
            case Plain.SCALAR -> isInts && size > 0 ? ints(size, true) : Optional.empty();
            case ValueType _ -> Optional.empty();
        };
    }

    private static int present(Given given) {
        var elements = ((ListLiteral) given.value()).elements();
        return (int) elements.stream().filter(Literal.Dynamic.class::isInstance).count();
    }

    /** JSON has no other numbers. */
    private static Optional<ExecutorArgument> finite(Given given) {
        List<Literal> numbers =
                given.value() instanceof ListLiteral(var elements)
                        ? elements
                        : given.value() == null ? List.of() : List.of(given.value());
        boolean isList = given.value() instanceof ListLiteral;
        boolean isFinite =
                numbers.stream()
                        .allMatch(n -> n instanceof FloatLiteral(double d) && Double.isFinite(d));
        return isFinite ? ofKind(given, isList ? "as_floats" : "as_float") : Optional.empty();
    }

    private static Optional<ExecutorArgument> floats(Given ints) {
        ArrayNode floats = JSON.arrayNode();
        for (Literal element : ((ListLiteral) ints.value()).elements()) {
            floats.add((double) ((IntLiteral) element).value());
        }
        return constant("as_floats", floats);
    }

    private static Optional<ExecutorArgument> ofKind(Given given, String kind) {
        return given.kind().equals(kind) ? constant(given) : Optional.empty();
    }

    private static Optional<ExecutorArgument> constant(Given given) {
        return constant(given.kind(), given.json());
    }

    private static Optional<ExecutorArgument> constant(String kind, JsonNode value) {
        return Optional.of(new ExecutorArgument(union(kind, value), 0, 0));
    }

    private static Optional<ExecutorArgument> tensors(Given given, int count) {
        return Optional.of(new ExecutorArgument(union(given.kind(), given.json()), count, 0));
    }

    /** The model passes the values. */
    private static Optional<ExecutorArgument> ints(int count, boolean isList) {
        ArrayNode zeros = JSON.arrayNode();
        for (int i = 0; i < count; i++) {
            zeros.add(0);
        }
        JsonNode json = isList ? union("as_ints", zeros) : union("as_int", JSON.numberNode(0));
        return Optional.of(new ExecutorArgument(json, 0, count));
    }

    static JsonNode union(String kind, JsonNode value) {
        return JSON.objectNode().set(kind, value);
    }
}
