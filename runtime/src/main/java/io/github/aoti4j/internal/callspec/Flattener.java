package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.InvalidInputException;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;

/**
 * Puts the leaves of a call's arguments into an array, in the spec's order. Looks at containers
 * alone; what stands at a leaf is the caller's to judge. Immutable.
 *
 * <p>Dicts and fields are read by key, sequences by position, records by component: by name where
 * the spec has names, by position in tuples. What holds no input may be left out or null.
 */
public final class Flattener {
    /** What stands for the value of a key that a map does not have; null is a value. */
    private enum Missing {
        VALUE
    }

    private final Plan plan;

    /** By node: whether it holds a leaf that is certainly an input. */
    private final boolean[] required;

    /** Prepares it. */
    public Flattener(Plan plan, InputLeaves leaves) {
        this.plan = plan;
        required = new boolean[plan.nodeCount()];
        for (int node = 0; node < required.length; node++) {
            for (int leaf = plan.firstLeaf(node);
                    leaf < plan.firstLeaf(node) + plan.leavesIn(node) && !required[node];
                    leaf++) {
                required[node] = leaves.role(leaf) == InputLeaves.Role.TENSOR;
            }
        }
    }

    /**
     * Flattens a call.
     *
     * @param kwargs a map or a record of the keyword arguments; null for none
     * @return one value for each leaf; null where nothing was given
     * @throws InvalidInputException if the structure is another; the message names the path
     */
    public Object[] flatten(Object[] args, Object kwargs) {
        Object[] leaves = new Object[plan.leafCount()];
        int keywords = plan.end(1);
        positional(args, leaves);
        keyed(keywords, kwargs == null ? Map.of() : kwargs, leaves);
        return leaves;
    }

    private void positional(Object[] args, Object[] leaves) {
        int child = 2;
        int given = 0;
        int end = plan.end(1);
        for (; given < args.length && child < end; child = plan.end(child)) {
            node(child, args[given++], leaves);
        }
        if (given < args.length) {
            throw new InvalidInputException(
                    "the model takes %d positional argument%s, but %d were given; %s"
                            .formatted(given, given == 1 ? "" : "s", args.length, takes()));
        }
        for (; child < end; child = plan.end(child)) {
            if (required[child]) {
                throw new InvalidInputException(
                        "%s is missing; %s".formatted(Paths.ofInput(plan, child), takes()));
            }
        }
    }

    private String takes() {
        return "the model is called as " + Signature.ofArguments(plan, null);
    }

    private void node(int node, Object value, Object[] leaves) {
        NodeKind kind = plan.kind(node);
        if (kind == NodeKind.LEAF) {
            leaves[plan.firstLeaf(node)] = value;
        } else if (value == null) {
            if (required[node]) {
                throw wrong(node, "is null");
            }
        } else if (kind.isSequence()) {
            sequence(node, value, leaves);
        } else {
            keyed(node, value, leaves);
        }
    }

    private void sequence(int node, Object value, Object[] leaves) {
        switch (value) {
            case List<?> list -> {
                requireCount(node, list.size());
                if (list instanceof RandomAccess) {
                    int i = 0;
                    for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
                        node(child, list.get(i++), leaves);
                    }
                } else {
                    Iterator<?> elements = list.iterator();
                    for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
                        node(child, elements.next(), leaves);
                    }
                }
            }
            case Object[] array -> {
                requireCount(node, array.length);
                int i = 0;
                for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
                    node(child, array[i++], leaves);
                }
            }
            case Record tuple when plan.kind(node).isTuple() -> {
                RecordShape shape = RecordShape.of(tuple.getClass());
                requireCount(node, shape.size());
                int i = 0;
                for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
                    node(child, shape.get(tuple, i++), leaves);
                }
            }
            default -> throw wrong(node, "is a " + value.getClass().getName());
        }
    }

    private void requireCount(int node, int given) {
        int wanted = plan.childCount(node);
        if (given != wanted) {
            throw wrong(
                    node,
                    "has %d element%s instead of %d"
                            .formatted(given, given == 1 ? "" : "s", wanted));
        }
    }

    private void keyed(int node, Object value, Object[] leaves) {
        switch (value) {
            case Map<?, ?> map -> map(node, map, leaves);
            case Record tuple -> fields(node, tuple, leaves);
            default -> throw wrong(node, "is a " + value.getClass().getName());
        }
    }

    private void map(int node, Map<?, ?> map, Object[] leaves) {
        Keys keys = plan.keys(node);
        int found = 0;
        int i = 0;
        for (int child = node + 1; child < plan.end(node); child = plan.end(child), i++) {
            Object value = get(map, keys.get(i));
            if (!(value instanceof Missing)) {
                found++;
                node(child, value, leaves);
            } else if (required[child]) {
                throw missing(child);
            }
        }
        if (found != map.size()) {
            refuseUnknown(node, map);
        }
    }

    /** A map may compare keys in a way of its own, and refuse to be asked for others. */
    private static Object get(Map<?, ?> map, Object key) {
        if (key instanceof String) {
            try {
                Object value = map.get(key);
                if (value != null) {
                    return value;
                }
            } catch (ClassCastException _) {
                return search(map, key);
            }
        }
        return search(map, key);
    }

    private static Object search(Map<?, ?> map, Object key) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object given = Keys.canonical(entry.getKey());
            if (given == null ? key == null : given.equals(key)) {
                return entry.getValue();
            }
        }
        return Missing.VALUE;
    }

    private void refuseUnknown(int node, Map<?, ?> map) {
        Keys keys = plan.keys(node);
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            boolean wasNone = entry.getValue() == null && keys.isAbsent(entry.getKey());
            if (keys.find(entry.getKey()) < 0 && !wasNone) {
                throw unexpected(node, entry.getKey());
            }
        }
    }

    private void fields(int node, Record tuple, Object[] leaves) {
        RecordShape shape = RecordShape.of(tuple.getClass());
        Keys keys = plan.keys(node);
        int found = 0;
        int i = 0;
        for (int child = node + 1; child < plan.end(node); child = plan.end(child), i++) {
            int component = shape.find(keys, i);
            if (component >= 0) {
                found++;
                node(child, shape.get(tuple, component), leaves);
            } else if (required[child]) {
                throw missing(child);
            }
        }
        if (found != shape.size()) {
            refuseUnknown(node, tuple, shape);
        }
    }

    private void refuseUnknown(int node, Record tuple, RecordShape shape) {
        Keys keys = plan.keys(node);
        boolean[] known = new boolean[shape.size()];
        for (int i = 0; i < keys.size(); i++) {
            int component = shape.find(keys, i);
            if (component >= 0) {
                known[component] = true;
            }
        }
        for (int i = 0; i < known.length; i++) {
            boolean wasNone = shape.get(tuple, i) == null && keys.isAbsent(shape.component(i));
            if (!known[i] && !wasNone) {
                throw unexpected(node, shape.component(i));
            }
        }
    }

    private InvalidInputException missing(int node) {
        return new InvalidInputException(Paths.ofInput(plan, node) + " is missing");
    }

    private InvalidInputException unexpected(int node, Object key) {
        if (plan.keys(node).isAbsent(key)) {
            return new InvalidInputException(
                    "%s%s must be null: it was None when the model was exported"
                            .formatted(Paths.ofInput(plan, node), Paths.field((String) key)));
        }
        if (node == plan.end(1)) {
            return new InvalidInputException(
                    "the model takes no keyword argument %s; %s"
                            .formatted(Python.key(key), takes()));
        }
        return new InvalidInputException(
                "%s has an unexpected key %s; it is %s"
                        .formatted(
                                Paths.ofInput(plan, node),
                                Python.key(key),
                                Signature.of(plan, node)));
    }

    private InvalidInputException wrong(int node, String problem) {
        String form =
                switch (plan.kind(node)) {
                    case LEAF -> "a tensor";
                    case TUPLE -> "a List, an array or a record";
                    case LIST, DEQUE -> "a List or an array";
                    case NAMED_TUPLE -> "a record or a List, in the order of the fields";
                    case DICT, ORDERED_DICT, DEFAULT_DICT, FIELDS -> "a Map or a record";
                };
        return new InvalidInputException(
                "%s %s; it takes %s: %s"
                        .formatted(
                                Paths.ofInput(plan, node),
                                problem,
                                form,
                                Signature.of(plan, node)));
    }
}
