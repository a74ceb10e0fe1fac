package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.operators.ExternNode.Given;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.Items;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Whole;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ResultUnmarshaller.OneTensor;
import io.github.aoti4j.internal.operators.ValueType.Listing;
import io.github.aoti4j.internal.operators.ValueType.Maybe;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A model's calls, compiled against the operators that this process has: how to make each, or why
 * it cannot be made.
 *
 * @param nodes the ways, by index; of use only if there are no problems
 * @param problems one for each operator that is not there, for each value that cannot be passed,
 *     and for each result that could not be checked
 */
public record ProxyPlans(List<NodePlan> nodes, List<String> problems, List<SizeSymbol> symbols) {

    /**
     * Compiles. libtorch and the libraries that bring operators must have been loaded.
     *
     * @param libtorch tells whether libtorch has a symbol
     * @param trusting whether operators in Java may give results that cannot be checked
     */
    public static ProxyPlans compile(
            ProxyCalls calls, Predicate<String> libtorch, boolean trusting) {
        if (!DispatcherApi.REQUIRED.stream().allMatch(libtorch)) {
            return new ProxyPlans(
                    List.of(),
                    List.of(
                            "calls operators through the dispatcher, for which libtorch 2.10 or"
                                    + " newer is needed"),
                    List.of());
        }
        List<NodePlan> plans = new ArrayList<>();
        Set<String> problems = new TreeSet<>();
        for (int i = 0; i < calls.nodes().size(); i++) {
            compile(calls, i, trusting, problems).ifPresent(plans::add);
        }
        return new ProxyPlans(List.copyOf(plans), List.copyOf(problems), calls.symbols());
    }

    private static Optional<NodePlan> compile(
            ProxyCalls calls, int index, boolean trusting, Set<String> problems) {
        ExternNode node = calls.nodes().get(index);
        String operator = node.qualifiedName();
        OperatorSchema schema = JavaOperators.schema(operator);
        if (schema == null) {
            schema = find(node, problems);
        }
        if (schema == null) {
            return Optional.empty();
        }
        int before = problems.size();
        NodePlan.Builder plan = new NodePlan.Builder(schema);
        for (Argument argument : schema.arguments()) {
            Given given = node.arguments().get(argument.name());
            Literal value =
                    given == null
                            ? argument.fallback().orElse(null)
                            : brought(given.value(), argument.type());
            if (value == null || !ArgumentMarshallers.fits(value, argument.type())) {
                problems.add(argumentProblem(operator, argument, given));
            } else {
                plan.feed(argument.type(), value, brought(value, argument.type()));
            }
        }
        for (String name : node.arguments().keySet()) {
            if (schema.arguments().stream().noneMatch(a -> a.name().equals(name))) {
                problems.add(
                        "passes %s an argument %s, which it does not have: %s"
                                .formatted(operator, name, schema.signature()));
            }
        }
        int symbols = calls.symbols().size();
        var checks =
                new ResultChecks(operator, calls.site(index), tensors(node.outputs()), symbols);
        results(node, plan, checks, trusting, problems);
        plan.checks(checks, symbols);
        return problems.size() > before ? Optional.empty() : Optional.of(plan.build());
    }

    /** Asks the dispatcher; null if there is none that can be called. */
    private static OperatorSchema find(ExternNode node, Set<String> problems) {
        String operator = node.qualifiedName();
        Optional<Schemas.Known> known = Schemas.find(node.operator(), node.overload());
        if (known.isEmpty()) {
            problems.add(
                    "calls %s, and there is no such operator in this process; name the library that has it (ModelOptions.opLibrary, --op-library), or register it in Java (OperatorLibrary), before loading"
                            .formatted(operator));
            return null;
        }
        if (known.get().isJava()) {
            problems.add(
                    "calls %s, which was registered in Java by another copy of this library, of another class loader; register it with this one too (OperatorLibrary), before loading"
                            .formatted(operator));
            return null;
        }
        try {
            return SchemaParser.parse(known.get().schema());
        } catch (SchemaException e) {
            problems.add(
                    "calls %s, whose schema %s cannot be read: %s"
                            .formatted(operator, known.get().schema(), e.getMessage()));
            return null;
        }
    }

    private static String argumentProblem(String operator, Argument argument, Given given) {
        String how = given == null ? "left out" : given.kind();
        return "passes %s its argument %s of type %s (%s), which libtorch's dispatcher does not take from outside PyTorch; rewrite the model without it"
                .formatted(operator, argument.name(), argument.type(), how);
    }

    /** Integers that stand in the package are brought by the model's code all the same. */
    private static Literal brought(Literal value, ValueType type) {
        return switch (type) {
            case Plain.INT -> value instanceof Whole ? new Dynamic() : value;
            case Maybe maybe -> value instanceof None ? value : brought(value, maybe.inner());
            case Listing list ->
                    switch (value) {
                        case Items(List<Literal> elements) ->
                                new Items(
                                        elements.stream()
                                                .map(element -> brought(element, list.element()))
                                                .toList());
                        case Whole whole when list.element() == Plain.INT && list.size() >= 0 ->
                                new Items(
                                        Collections.nCopies(
                                                list.size(), brought(whole, Plain.INT)));
                        default -> value;
                    };
            case ValueType _ -> value;
        };
    }

    private static int tensors(List<Given> outputs) {
        return outputs.stream()
                .mapToInt(
                        given ->
                                switch (given.value()) {
                                    case Dynamic _ -> 1;
                                    case Items(var elements) -> elements.size();
                                    case null, default -> 0;
                                })
                .sum();
    }

    private static void results(
            ExternNode node,
            NodePlan.Builder plan,
            ResultChecks checks,
            boolean trusting,
            Set<String> problems) {
        List<Result> results = plan.schema().results();
        int tensor = 0;
        for (int i = 0; i < results.size(); i++) {
            Result result = results.get(i);
            Given given = i < node.outputs().size() ? node.outputs().get(i) : null;
            boolean present = given != null && !(given.value() instanceof None);
            ValueType encoded =
                    plan.isJava() ? result.type() : ResultEncoding.of(results, i, present);
            List<OneTensor> tensors = new ArrayList<>();
            for (int k = 0; present && k < tensors(List.of(given)); k++) {
                String what =
                        "result " + i + (result.type() instanceof Listing ? "[" + k + "]" : "");
                tensors.add(
                        new OneTensor(result.aliases(), checks.check(tensor, what).orElse(null)));
                Optional<String> unknown = checks.unknown(tensor++);
                if (plan.isJava() && !trusting && unknown.isPresent()) {
                    problems.add(uncheckable(node.qualifiedName(), what, unknown.get()));
                }
            }
            ResultUnmarshaller take = encoded == null ? null : take(encoded, tensors, given);
            if (take == null) {
                problems.add(
                        "takes from %s its result %d of type %s (%s), which libtorch's dispatcher does not give outside PyTorch; rewrite the model without it"
                                .formatted(
                                        node.qualifiedName(),
                                        i,
                                        result.type(),
                                        given == null ? "left out" : given.kind()));
            } else {
                plan.take(encoded, take);
            }
        }
    }

    private static String uncheckable(String operator, String what, String unknown) {
        return "uses %s of %s, which is written in Java, and its package does not state the %s that it was compiled for, so that a wrong result would be read or written beyond its end; compile the model again with PyTorch 2.13 or newer, or let it be loaded with ModelOptions.trustOperators"
                .formatted(what, operator, unknown);
    }

    private static ResultUnmarshaller take(ValueType type, List<OneTensor> tensors, Given given) {
        if (!type.isPassable()) {
            return null;
        }
        if (given == null || given.value() instanceof None) {
            return new ResultUnmarshaller.Nothing();
        }
        return switch (type) {
            case Plain.TENSOR -> given.value() instanceof Dynamic ? tensors.getFirst() : null;
            case Plain.INT ->
                    given.value() instanceof Whole ? new ResultUnmarshaller.SameInt() : null;
            case Maybe(ValueType inner) ->
                    inner == Plain.TENSOR && given.value() instanceof Dynamic
                            ? new ResultUnmarshaller.PresentTensor(tensors.getFirst())
                            : null;
            case Listing(ValueType element, int _) ->
                    element == Plain.TENSOR && given.value() instanceof Items
                            ? new ResultUnmarshaller.Tensors(List.copyOf(tensors))
                            : null;
            case ValueType _ -> null;
        };
    }
}
