package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.ExternNode.Given;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ResultUnmarshaller.OneTensor;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the plan of one call of an operator in Java, or through the C function of libtorch's
 * dispatcher, or says why it cannot be made.
 */
final class DispatchedNodeCompiler {
    private final ProxyCalls calls;
    private final int index;
    private final ExternNode node;
    private final String operator;
    private final boolean trusting;
    private final Set<String> problems;
    private final Arena arena = Arena.ofAuto();
    private final List<ArgumentMarshaller> arguments = new ArrayList<>();
    private final List<ArgumentMarshaller> fullArguments = new ArrayList<>();
    private final List<ResultUnmarshaller> results = new ArrayList<>();
    private final List<ValueType> resultTypes = new ArrayList<>();

    DispatchedNodeCompiler(ProxyCalls calls, int index, boolean trusting, Set<String> problems) {
        this.calls = calls;
        this.index = index;
        this.node = calls.nodes().get(index);
        this.operator = node.qualifiedName();
        this.trusting = trusting;
        this.problems = problems;
    }

    /**
     * Compiles the call; empty if that adds to the problems.
     *
     * @param java null for a native operator
     */
    Optional<NodePlan> compile(OperatorSchema schema, JavaOperator java) {
        int before = problems.size();
        arguments(schema, java != null);
        int symbols = calls.symbols().size();
        ResultChecks checks = checks(calls, index);
        results(schema, java != null, checks);
        return problems.size() > before
                ? Optional.empty()
                : Optional.of(
                        new DispatchedNode(
                                schema,
                                java,
                                arena,
                                arguments,
                                fullArguments,
                                results,
                                resultTypes,
                                checks,
                                symbols));
    }

    /** Returns the checks of a call's results. */
    static ResultChecks checks(ProxyCalls calls, int index) {
        ExternNode node = calls.nodes().get(index);
        return new ResultChecks(
                node.qualifiedName(),
                calls.sites().get(index),
                node.outputs().stream().mapToInt(DispatchedNodeCompiler::tensors).sum(),
                calls.symbols().size());
    }

    private void arguments(OperatorSchema schema, boolean isJava) {
        for (Argument argument : schema.arguments()) {
            ValueType type = argument.type();
            Given given = node.arguments().get(argument.name());
            Literal value =
                    given == null ? argument.fallback().orElse(null) : passed(given.value(), type);
            boolean isPassable = isJava ? type.isPassableToJava() : type.isPassable();
            boolean isLeftOut = value instanceof None;
            if (value == null
                    || !(isPassable || isLeftOut)
                    || !ArgumentMarshaller.fits(value, type)) {
                problems.add(Problems.argument(operator, argument, given));
            } else {
                arguments.add(ArgumentMarshaller.of(value, type, arena));
                fullArguments.add(ArgumentMarshaller.of(passed(value, type), type, arena));
            }
        }
        for (String name : node.arguments().keySet()) {
            if (schema.arguments().stream().noneMatch(a -> a.name().equals(name))) {
                problems.add(Problems.unknownArgument(schema, name));
            }
        }
    }

    /** Replaces integers, which the model's code passes even if the package has them. */
    private static Literal passed(Literal value, ValueType type) {
        return switch (type) {
            case Plain.INT, Plain.SCALAR -> value instanceof IntLiteral ? new Dynamic() : value;
            case OptionalType optional ->
                    value instanceof None ? value : passed(value, optional.inner());
            case ListType list ->
                    switch (value) {
                        case ListLiteral(var elements) ->
                                new ListLiteral(
                                        elements.stream()
                                                .map(element -> passed(element, list.element()))
                                                .toList());
                        case IntLiteral _ when list.element() == Plain.INT && list.size() >= 0 ->
                                new ListLiteral(Collections.nCopies(list.size(), new Dynamic()));
                        case null, default -> value;
                    };
            case ValueType _ -> value;
        };
    }

    static int tensors(Given output) {
        return switch (output.value()) {
            case Dynamic _ -> 1;
            case ListLiteral(var elements) -> elements.size();
            case null, default -> 0;
        };
    }

    private void results(OperatorSchema schema, boolean isJava, ResultChecks checks) {
        int tensor = 0;
        for (int i = 0; i < schema.results().size(); i++) {
            Result result = schema.results().get(i);
            Given given = i < node.outputs().size() ? node.outputs().get(i) : null;
            boolean present = given != null && !(given.value() instanceof None);
            List<OneTensor> tensors = new ArrayList<>();
            for (int k = 0; present && k < tensors(given); k++) {
                String what =
                        "result " + i + (result.type() instanceof ListType ? "[" + k + "]" : "");
                tensors.add(
                        new OneTensor(result.aliases(), checks.check(tensor, what).orElse(null)));
                Optional<String> unknown = checks.unknown(tensor++);
                if (isJava && !trusting && unknown.isPresent()) {
                    problems.add(
                            "uses %s of %s, which is written in Java, and its package does not state the %s that it was compiled for, so that a wrong result would be read or written beyond its end; compile the model again with PyTorch 2.13 or newer, or let it be loaded with ModelOptions.trustOperators"
                                    .formatted(what, operator, unknown.get()));
                }
            }
            ValueType type =
                    isJava ? result.type() : ResultEncoding.of(schema.results(), i, present);
            ResultUnmarshaller unmarshaller =
                    type == null || !type.isPassable()
                            ? null
                            : present
                                    ? unmarshaller(type, tensors, given.value())
                                    : new ResultUnmarshaller.Ignored();
            if (unmarshaller == null) {
                problems.add(Problems.result(operator, i, result, given));
            } else {
                resultTypes.add(type);
                results.add(unmarshaller);
            }
        }
    }

    /** Returns null for a value that does not fit the type. */
    private static ResultUnmarshaller unmarshaller(
            ValueType type, List<OneTensor> tensors, Literal value) {
        return switch (value) {
            case Dynamic _ when type == Plain.TENSOR -> tensors.getFirst();
            case Dynamic _ when type.equals(new OptionalType(Plain.TENSOR)) ->
                    new ResultUnmarshaller.PresentTensor(tensors.getFirst());
            case IntLiteral _ when type == Plain.INT -> new ResultUnmarshaller.SameInt();
            case ListLiteral _
                    when type instanceof ListType(ValueType element, int _)
                            && element == Plain.TENSOR ->
                    new ResultUnmarshaller.TensorList(List.copyOf(tensors));
            case null, default -> null;
        };
    }
}
