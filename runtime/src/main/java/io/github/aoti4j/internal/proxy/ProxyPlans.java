package io.github.aoti4j.internal.proxy;

import io.github.aoti4j.bindings.DispatcherApi;
import io.github.aoti4j.internal.proxy.ExternNode.Given;
import io.github.aoti4j.internal.proxy.Literal.Dynamic;
import io.github.aoti4j.internal.proxy.Literal.Items;
import io.github.aoti4j.internal.proxy.Literal.None;
import io.github.aoti4j.internal.proxy.Literal.Whole;
import io.github.aoti4j.internal.proxy.OperatorSchema.Argument;
import io.github.aoti4j.internal.proxy.OperatorSchema.Result;
import io.github.aoti4j.internal.proxy.ValueType.Listing;
import io.github.aoti4j.internal.proxy.ValueType.Maybe;
import io.github.aoti4j.internal.proxy.ValueType.Plain;

import java.lang.foreign.Arena;
import java.util.ArrayList;
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
 * @param problems one for each operator that is not there, and for each value that cannot be passed
 */
public record ProxyPlans(List<NodePlan> nodes, List<String> problems) {

    /**
     * Compiles. libtorch and the libraries that bring operators must have been loaded.
     *
     * @param calls the package's list
     * @param libtorch tells whether libtorch has a symbol
     * @return the plans
     */
    public static ProxyPlans compile(ProxyCalls calls, Predicate<String> libtorch) {
        if (!DispatcherApi.REQUIRED.stream().allMatch(libtorch)) {
            return new ProxyPlans(
                    List.of(),
                    List.of(
                            "calls operators through the dispatcher, for which libtorch 2.10 or"
                                    + " newer is needed"));
        }
        List<NodePlan> plans = new ArrayList<>();
        Set<String> problems = new TreeSet<>();
        for (ExternNode node : calls.nodes()) {
            compile(node, problems).ifPresent(plans::add);
        }
        return new ProxyPlans(List.copyOf(plans), List.copyOf(problems));
    }

    private static Optional<NodePlan> compile(ExternNode node, Set<String> problems) {
        String operator = node.qualifiedName();
        Optional<Schemas.Known> known = Schemas.find(node.operator(), node.overload());
        if (known.isEmpty()) {
            problems.add(
                    "calls %s, and there is no such operator in this process; name the library that has it (ModelOptions.opLibrary, --op-library), or register it in Java (OperatorLibrary), before loading"
                            .formatted(operator));
            return Optional.empty();
        }
        OperatorSchema schema;
        try {
            schema = SchemaParser.parse(known.get().schema());
        } catch (SchemaException e) {
            problems.add(
                    "calls %s, whose schema %s cannot be read: %s"
                            .formatted(operator, known.get().schema(), e.getMessage()));
            return Optional.empty();
        }
        int before = problems.size();
        Arena arena = Arena.ofAuto();
        List<Feed> feeds = new ArrayList<>();
        List<Feed> fullFeeds = new ArrayList<>();
        for (Argument argument : schema.arguments()) {
            Given given = node.arguments().get(argument.name());
            Literal value =
                    given == null
                            ? argument.fallback().orElse(null)
                            : brought(given.value(), argument.type());
            if (value == null || !Feeds.fits(value, argument.type())) {
                problems.add(argumentProblem(operator, argument, given));
                continue;
            }
            feeds.add(Feeds.of(value, argument.type(), arena));
            fullFeeds.add(Feeds.of(brought(value, argument.type()), argument.type(), arena));
        }
        for (String name : node.arguments().keySet()) {
            if (schema.arguments().stream().noneMatch(a -> a.name().equals(name))) {
                problems.add(
                        "passes %s an argument %s, which it does not have: %s"
                                .formatted(operator, name, known.get().schema()));
            }
        }
        List<Take> takes = takes(node, schema, problems);
        return problems.size() > before
                ? Optional.empty()
                : Optional.of(new NodePlan(schema, feeds, fullFeeds, takes, arena));
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
                    value instanceof Items(List<Literal> elements)
                            ? new Items(
                                    elements.stream()
                                            .map(element -> brought(element, list.element()))
                                            .toList())
                            : value;
            case ValueType _ -> value;
        };
    }

    private static List<Take> takes(ExternNode node, OperatorSchema schema, Set<String> problems) {
        List<Take> takes = new ArrayList<>();
        for (int i = 0; i < schema.results().size(); i++) {
            Result result = schema.results().get(i);
            Given given = i < node.outputs().size() ? node.outputs().get(i) : null;
            Take take = take(result, given);
            if (take == null || !result.type().isPassable()) {
                problems.add(
                        "takes from %s its result %d of type %s (%s), which libtorch's dispatcher does not give outside PyTorch; rewrite the model without it"
                                .formatted(
                                        node.qualifiedName(),
                                        i,
                                        result.type(),
                                        given == null ? "left out" : given.kind()));
            } else {
                takes.add(take);
            }
        }
        return takes;
    }

    private static Take take(Result result, Given given) {
        Take.OneTensor tensor = new Take.OneTensor(result.aliases());
        if (given == null || given.value() instanceof None) {
            return new Take.Nothing();
        }
        return switch (result.type()) {
            case Plain.TENSOR -> given.value() instanceof Dynamic ? tensor : null;
            case Plain.INT -> given.value() instanceof Whole ? new Take.SameInt() : null;
            case Maybe(ValueType inner) ->
                    inner == Plain.TENSOR && given.value() instanceof Dynamic
                            ? new Take.PresentTensor(tensor)
                            : null;
            case Listing(ValueType element, int _) ->
                    element == Plain.TENSOR && given.value() instanceof Items(var elements)
                            ? new Take.Tensors(tensor, elements.size())
                            : null;
            case ValueType _ -> null;
        };
    }
}
