package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.internal.cpp.SizeSymbol;

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
     * @param onCpu whether the model runs on the CPU
     */
    public static ProxyPlans compile(
            ProxyCalls calls, Predicate<String> libtorch, boolean trusting, boolean onCpu) {
        if (!DispatcherApi.REQUIRED.stream().allMatch(libtorch)) {
            return new ProxyPlans(
                    List.of(),
                    List.of(
                            "calls operators through the dispatcher, for which libtorch 2.10 or"
                                    + " newer is needed"),
                    List.of());
        }
        Set<String> problems = new TreeSet<>();
        var compiler = new NodeCompiler(calls, trusting, onCpu, problems);
        List<NodePlan> plans = new ArrayList<>();
        for (int i = 0; i < calls.nodes().size(); i++) {
            compiler.compile(i).ifPresent(plans::add);
        }
        return new ProxyPlans(List.copyOf(plans), List.copyOf(problems), calls.symbols());
    }

    /** Returns the calls that PyTorch's own executor makes, as it reads them; empty if none. */
    Optional<String> executed() {
        List<String> calls = new ArrayList<>();
        for (NodePlan node : nodes) {
            if (node instanceof ExecutedNode executed) {
                calls.add("{\"node\":" + executed.json() + "}");
            }
        }
        return calls.isEmpty()
                ? Optional.empty()
                : Optional.of("{\"nodes\":[" + String.join(",", calls) + "]}");
    }
}
