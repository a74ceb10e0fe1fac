package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.ExecutedNode.IntOrigin;
import io.github.aoti4j.internal.operators.ExternNode.Given;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ResultUnmarshaller.OneTensor;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes the plan of one call by PyTorch's own executor, or says why it cannot be made. */
final class ExecutedNodeCompiler {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final ProxyCalls calls;
    private final int index;
    private final int executed;
    private final ExternNode node;
    private final Set<String> problems;
    private final ArrayNode inputs = JSON.arrayNode();
    private final ArrayNode outputs = JSON.arrayNode();
    private final List<IntOrigin> ints = new ArrayList<>();
    private final List<OneTensor> results = new ArrayList<>();
    private int tensors;
    private int resultInts;
    private boolean hasList;

    /**
     * Takes a call.
     *
     * @param executed its index among those that the executor makes
     * @param problems those found are added
     */
    ExecutedNodeCompiler(ProxyCalls calls, int index, int executed, Set<String> problems) {
        this.calls = calls;
        this.index = index;
        this.executed = executed;
        this.node = calls.nodes().get(index);
        this.problems = problems;
    }

    /** Compiles the call; empty if that adds to the problems. */
    Optional<NodePlan> compile(OperatorSchema schema) {
        int before = problems.size();
        arguments(schema);
        ResultChecks checks = DispatchedNodeCompiler.checks(calls, index);
        results(schema, checks);
        if (problems.size() > before) {
            return Optional.empty();
        }
        ObjectNode json = JSON.objectNode();
        json.put("target", node.qualifiedName()).set("inputs", inputs);
        json.set("outputs", outputs);
        return Optional.of(
                new ExecutedNode(
                        node.qualifiedName(),
                        executed,
                        json.toString(),
                        ints,
                        tensors,
                        results,
                        hasList,
                        resultInts,
                        checks,
                        calls.symbols().size()));
    }

    private void arguments(OperatorSchema schema) {
        for (Argument argument : schema.arguments()) {
            Given given = node.arguments().get(argument.name());
            Optional<ExecutorArgument> taken =
                    given == null ? Optional.empty() : ExecutorArgument.of(given, argument.type());
            if (taken.isPresent()) {
                inputs.addObject().put("name", argument.name()).set("arg", taken.get().json());
                tensors += taken.get().tensors();
                ints.addAll(Collections.nCopies(taken.get().ints(), IntOrigin.STATED));
            } else if (given == null && argument.fallback().isPresent()) {
                int count = defaultInts(argument.fallback().get(), argument.type());
                ints.addAll(Collections.nCopies(count, IntOrigin.DEFAULT));
            } else {
                problems.add(Problems.argument(node.qualifiedName(), argument, given));
            }
        }
        for (String name : node.arguments().keySet()) {
            if (schema.arguments().stream().noneMatch(a -> a.name().equals(name))) {
                problems.add(Problems.unknownArgument(schema, name));
            }
        }
    }

    /** Returns how many integers a model passes for a default, if it passes them. */
    private static int defaultInts(Literal fallback, ValueType type) {
        return switch (type) {
            case OptionalType optional -> defaultInts(fallback, optional.inner());
            case Plain.INT, Plain.SCALAR -> fallback instanceof IntLiteral ? 1 : 0;
            case ListType list when list.element() == Plain.INT ->
                    switch (fallback) {
                        case ListLiteral(var elements) -> elements.size();
                        case IntLiteral _ -> Math.max(list.size(), 0);
                        default -> 0;
                    };
            case ValueType _ -> 0;
        };
    }

    private void results(OperatorSchema schema, ResultChecks checks) {
        int place = 0;
        for (int i = 0; i < schema.results().size(); i++) {
            Result result = schema.results().get(i);
            Given given = i < node.outputs().size() ? node.outputs().get(i) : null;
            int used = given == null ? 0 : DispatchedNodeCompiler.tensors(given);
            JsonNode json = result(result.type(), given);
            if (json == null) {
                problems.add(Problems.result(node.qualifiedName(), i, result, given));
            } else {
                outputs.add(json);
            }
            if (used == 0 && result.type() == Plain.TENSOR) {
                results.add(null);
            }
            for (int k = 0; k < used; k++) {
                String what =
                        "result " + i + (result.type() instanceof ListType ? "[" + k + "]" : "");
                results.add(
                        new OneTensor(result.aliases(), checks.check(place++, what).orElse(null)));
            }
        }
    }

    /** Returns a result as the executor reads it; null if it does not take such a result. */
    private JsonNode result(ValueType type, Given given) {
        JsonNode name = JSON.objectNode().put("name", "");
        boolean isTensor = given != null && given.value() instanceof Dynamic;
        boolean isNone = given == null || given.value() instanceof Literal.None;
        return switch (type) {
            case Plain.TENSOR ->
                    isTensor || isNone ? ExecutorArgument.union("as_tensor", name) : null;
            case OptionalType(ValueType inner) when inner == Plain.TENSOR && (isTensor || isNone) ->
                    ExecutorArgument.union(
                            "as_optional_tensor",
                            isTensor
                                    ? ExecutorArgument.union("as_tensor", name)
                                    : ExecutorArgument.union("as_none", JSON.booleanNode(true)));
            case ListType(ValueType element, int _)
                    when element == Plain.TENSOR
                            && given != null
                            && given.kind().equals("as_tensors") -> {
                hasList = true;
                yield ExecutorArgument.union(given.kind(), given.json());
            }
            case Plain plain
                    when plain == Plain.INT && given != null && given.kind().equals("as_int") -> {
                resultInts++;
                yield ExecutorArgument.union(given.kind(), given.json());
            }
            case ValueType _ -> null;
        };
    }
}
