package io.github.aoti4j.internal.callspec;

/** Writes a structure in Python's notation: {@code (Tensor, {"loss": Tensor})}. */
final class Signature {
    /** In characters; an inspection shows all. */
    private static final int MAX_IN_MESSAGE = 1000;

    private final Plan plan;

    /** Null to call all leaves tensors. */
    private final InputLeaves leaves;

    private final StringBuilder text = new StringBuilder();

    private Signature(Plan plan, InputLeaves leaves) {
        this.plan = plan;
        this.leaves = leaves;
    }

    /** Writes one node, for a message. */
    static String of(Plan plan, int node) {
        var signature = new Signature(plan, null);
        signature.node(node);
        return cut(signature.text);
    }

    /**
     * Writes how a model is called, {@code forward(…)}, for a message of limited length.
     *
     * @param leaves which leaves are inputs; null to call all of them tensors
     */
    static String ofArguments(Plan inputs, InputLeaves leaves) {
        var signature = new Signature(inputs, leaves);
        signature.arguments();
        return cut(signature.text);
    }

    /**
     * Writes for example {@code forward(Tensor, *, scale: Tensor) -> (Tensor, {"loss": Tensor})}.
     */
    static String of(Plan inputs, InputLeaves leaves, Plan outputs) {
        var arguments = new Signature(inputs, leaves);
        arguments.arguments();
        var results = new Signature(outputs, null);
        results.node(0);
        return arguments.text + " -> " + results.text;
    }

    private static String cut(StringBuilder text) {
        return text.length() > MAX_IN_MESSAGE ? text.substring(0, MAX_IN_MESSAGE) + "…" : text + "";
    }

    private void arguments() {
        int kwargs = plan.end(1);
        text.append("forward(");
        children(1);
        for (int child = kwargs + 1, i = 0;
                child < plan.end(kwargs);
                child = plan.end(child), i++) {
            text.append(i > 0 || kwargs > 2 ? ", " : "").append(i == 0 ? "*, " : "");
            name(plan.keys(kwargs).get(i));
            node(child);
        }
        text.append(')');
    }

    private void name(Object key) {
        String name = String.valueOf(key);
        text.append(Python.isIdentifier(name) ? name : Python.quote(name)).append(": ");
    }

    private void node(int node) {
        switch (plan.kind(node)) {
            case LEAF -> text.append(leaf(plan.firstLeaf(node)));
            case TUPLE -> {
                text.append('(');
                children(node);
                text.append(plan.childCount(node) == 1 ? ",)" : ")");
            }
            case LIST -> in("[", node, "]");
            case DEQUE -> in("deque([", node, "])");
            case DICT -> in("{", node, "}");
            case ORDERED_DICT -> in("OrderedDict({", node, "})");
            case DEFAULT_DICT -> in("defaultdict({", node, "})");
            case NAMED_TUPLE, FIELDS -> in(Python.printable(plan.type(node)) + "(", node, ")");
        }
    }

    private void in(String open, int node, String close) {
        text.append(open);
        children(node);
        text.append(close);
    }

    private void children(int node) {
        NodeKind kind = plan.kind(node);
        Keys keys = plan.keys(node);
        int i = 0;
        for (int child = node + 1; child < plan.end(node); child = plan.end(child), i++) {
            text.append(i > 0 ? ", " : "");
            if (kind == NodeKind.FIELDS) {
                name(keys.get(i));
            } else if (kind.isKeyed()) {
                text.append(Python.key(keys.get(i))).append(": ");
            }
            node(child);
        }
        for (String absent : keys.absent()) {
            text.append(i++ > 0 ? ", " : "");
            name(absent);
            text.append("None");
        }
    }

    private String leaf(int leaf) {
        return switch (leaves == null ? InputLeaves.Role.TENSOR : leaves.role(leaf)) {
            case TENSOR -> "Tensor";
            case CONSTANT -> "constant";
            case EITHER -> "Tensor | constant";
        };
    }
}
