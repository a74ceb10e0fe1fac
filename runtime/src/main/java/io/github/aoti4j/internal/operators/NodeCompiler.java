package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.TorchExecutorCheck;
import io.github.aoti4j.internal.operators.Literal.Text;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Makes the plans of a model's calls, in their order, or says why they cannot be made. */
final class NodeCompiler {
    private final ProxyCalls calls;
    private final boolean trusting;
    private final boolean onCpu;
    private final Set<String> problems;

    /** How many calls PyTorch's own executor makes so far. */
    private int executed;

    NodeCompiler(ProxyCalls calls, boolean trusting, boolean onCpu, Set<String> problems) {
        this.calls = calls;
        this.trusting = trusting;
        this.onCpu = onCpu;
        this.problems = problems;
    }

    /** Compiles a call; empty if that adds to the problems. */
    Optional<NodePlan> compile(int index) {
        ExternNode node = calls.nodes().get(index);
        JavaOperator java = JavaOperators.find(node.qualifiedName());
        OperatorSchema schema = java != null ? java.schema() : nativeSchema(node);
        if (schema == null) {
            return Optional.empty();
        }
        Set<String> found = new TreeSet<>();
        Optional<NodePlan> plan =
                new DispatchedNodeCompiler(calls, index, trusting, found).compile(schema, java);
        if (java == null && (plan.isEmpty() || passesText(node, schema))) {
            Optional<NodePlan> other = executed(index, schema, plan.isPresent(), found);
            plan = other.isPresent() ? other : plan;
        }
        if (plan.isEmpty()) {
            problems.addAll(found);
        }
        return plan;
    }

    /** The dispatcher's C function leaks a copy of each text. */
    private static boolean passesText(ExternNode node, OperatorSchema schema) {
        return schema.arguments().stream()
                .anyMatch(
                        argument ->
                                argument.type() == Plain.STRING
                                        && node.arguments().get(argument.name()) != null
                                        && node.arguments().get(argument.name()).value()
                                                instanceof Text);
    }

    /**
     * Compiles for PyTorch's own executor, which takes values of all types.
     *
     * @param isSpare whether the call can be made otherwise
     * @param found what stands in the way of that; replaced by what stands in the way of this
     */
    private Optional<NodePlan> executed(
            int index, OperatorSchema schema, boolean isSpare, Set<String> found) {
        if (!onCpu) {
            return Optional.empty();
        }
        Optional<String> obstacle = TorchExecutorCheck.obstacle();
        Set<String> others = new TreeSet<>();
        Optional<NodePlan> plan = Optional.empty();
        if (obstacle.isEmpty()) {
            plan = new ExecutedNodeCompiler(calls, index, executed, others).compile(schema);
            executed += plan.isPresent() ? 1 : 0;
        } else {
            others.addAll(found);
            others.add(obstacle.get());
        }
        if (plan.isEmpty() && !isSpare) {
            found.clear();
            found.addAll(others);
        }
        return plan;
    }

    /** Asks the dispatcher; null if it has no operator that can be called. */
    private OperatorSchema nativeSchema(ExternNode node) {
        String operator = node.qualifiedName();
        Optional<Schemas.Known> known = Schemas.find(node.operator(), node.overload());
        if (known.isEmpty()) {
            problems.add(Problems.absent(node));
            return null;
        }
        if (known.get().isJava()) {
            problems.add(Problems.ofAnotherCopy(operator));
            return null;
        }
        try {
            return SchemaParser.parse(known.get().schema());
        } catch (SchemaException e) {
            problems.add(Problems.unreadable(operator, known.get().schema(), e));
            return null;
        }
    }
}
