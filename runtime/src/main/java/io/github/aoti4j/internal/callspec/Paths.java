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
            return below(plan, 1, node, new StringBuilder("args"));
        }
        var path = new StringBuilder("kwargs");
        for (int child = kwargs + 1, i = 0;
                child < plan.end(kwargs);
                child = plan.end(child), i++) {
            if (node >= child && node < plan.end(child)) {
                String name = String.valueOf(plan.keys(kwargs).get(i));
                path.append(
                        Python.isIdentifier(name) ? "." + name : "[" + Python.quote(name) + "]");
                return below(plan, child, node, path);
            }
        }
        return path.toString();
    }

    /** Names a node of the results, for example {@code output["loss"]}. */
    public static String ofOutput(Plan plan, int node) {
        return below(plan, 0, node, new StringBuilder("output"));
    }

    private static String below(Plan plan, int from, int node, StringBuilder path) {
        int parent = from;
        while (parent != node) {
            int child = parent + 1;
            int position = 0;
            while (node >= plan.end(child)) {
                child = plan.end(child);
                position++;
            }
            path.append(step(plan, parent, position));
            parent = child;
        }
        return path.toString();
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
