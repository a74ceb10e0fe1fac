package io.github.aoti4j.internal.callspec;

/** Names of the nodes of a call: {@code args[1].x}, {@code output["loss"]}. */
public final class Paths {
    private Paths() {}

    /** Names a node of the arguments, for example {@code kwargs.opts["k"][0]}. */
    public static String ofInput(Plan plan, int node) {
        int kwargs = plan.end(1);
        if (node == 0) {
            return "arguments";
        }
        if (node < kwargs) {
            return below(plan, 1, node, new StringBuilder("args")).toString();
        }
        if (node == kwargs || node >= plan.end(kwargs)) {
            return "kwargs";
        }
        int argument = node;
        while (plan.parent(argument) != kwargs) {
            argument = plan.parent(argument);
        }
        String name = String.valueOf(plan.keys(kwargs).get(plan.position(argument)));
        String path =
                "kwargs"
                        + (Python.isIdentifier(name) ? "." + name : "[" + Python.quote(name) + "]");
        return below(plan, argument, node, new StringBuilder(path)).toString();
    }

    /** Names a node of the results, for example {@code output["loss"]}. */
    public static String ofOutput(Plan plan, int node) {
        return below(plan, 0, node, new StringBuilder("output")).toString();
    }

    private static StringBuilder below(Plan plan, int from, int node, StringBuilder path) {
        if (node == from) {
            return path;
        }
        int parent = plan.parent(node);
        return below(plan, from, parent, path).append(step(plan, parent, plan.position(node)));
    }

    private static String step(Plan plan, int parent, int position) {
        if (plan.kind(parent).isSequence()) {
            return "[" + position + "]";
        }
        Object key = plan.keys(parent).get(position);
        return plan.kind(parent) == NodeKind.FIELDS
                ? field(String.valueOf(key))
                : "[" + Python.key(key) + "]";
    }

    static String field(String name) {
        return "." + (Python.isIdentifier(name) ? name : Python.quote(name));
    }
}
