package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.internal.cpp.SizeSymbol;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A model's calls, compiled against the operators that this process has: how to make each, or why
 * it cannot be made.
 *
 * @param nodes by index; complete only if there are no problems
 * @param problems one for each operator that is missing, for each value that cannot be passed, and
 *     for each result that could not be checked
 */
public record ProxyPlans(List<NodePlan> nodes, List<String> problems, List<SizeSymbol> symbols) {
    /**
     * Compiles. libtorch and the libraries of operators must have been loaded.
     *
     * @param libtorch whether libtorch has a symbol
     * @param trusting whether operators in Java may return results that cannot be checked
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
            new NodeCompiler(calls, i, trusting, problems).compile().ifPresent(plans::add);
        }
        return new ProxyPlans(List.copyOf(plans), List.copyOf(problems), calls.symbols());
    }
}
