package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.InvalidInputException;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Puts the leaves of a call's arguments into an array, in the spec's order. Checks containers, not
 * leaves. Immutable.
 *
 * <p>Dicts and fields are read by key, sequences by position, records by component: by name where
 * the spec has names, by position in tuples. What contains no input may be left out or null.
 */
final class Flattener {
    /** The value of a key that a map does not have; null is a value. */
    private enum Missing {
        VALUE
    }

    private final Plan plan;

    /** By node: whether it contains a leaf that is certainly an input. */
    private final boolean[] required;

    Flattener(Plan plan, InputLeaves leaves) {
        this.plan = plan;
        required = new boolean[plan.nodeCount()];
        for (int node = 0; node < required.length; node++) {
            int first = plan.firstLeaf(node);
            required[node] =
                    IntStream.range(first, first + plan.leavesIn(node))
                            .anyMatch(leaf -> leaves.role(leaf) == InputLeaves.Role.TENSOR);
        }
    }

    /** Returns one value for each leaf, or null; keyword arguments are a map, a record, or null. */
    Object[] flatten(Object[] args, Object kwargs) {
        Object[] leaves = new Object[plan.leafCount()];
        positional(args, leaves);
        keyed(plan.end(1), kwargs == null ? Map.of() : kwargs, leaves);
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
        List<?> elements =
                switch (value) {
                    case List<?> list -> list;
                    case Object[] array -> Arrays.asList(array);
                    case Record tuple when plan.kind(node).isTuple() ->
                            Arrays.asList(RecordShape.of(tuple.getClass()).values(tuple));
                    default -> throw wrong(node, "is a " + value.getClass().getName());
                };
        int given = elements.size();
        int wanted = plan.childCount(node);
        if (given != wanted) {
            throw wrong(
                    node,
                    "has %d element%s instead of %d"
                            .formatted(given, given == 1 ? "" : "s", wanted));
        }
        Iterator<?> next = elements.iterator();
        for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
            node(child, next.next(), leaves);
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
        if (found == map.size()) {
            return;
        }
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            boolean wasNone = entry.getValue() == null && keys.isAbsent(entry.getKey());
            if (keys.find(entry.getKey()) < 0 && !wasNone) {
                throw unexpected(node, entry.getKey());
            }
        }
    }

    /** A map may compare keys in its own way, and may throw when asked for keys of other types. */
    private static Object get(Map<?, ?> map, Object key) {
        if (key instanceof String) {
            try {
                Object value = map.get(key);
                if (value != null) {
                    return value;
                }
            } catch (ClassCastException _) {
                // Search.
            }
        }
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object given = Keys.canonical(entry.getKey());
            if (Objects.equals(given, key)) {
                return entry.getValue();
            }
        }
        return Missing.VALUE;
    }

    private void fields(int node, Record tuple, Object[] leaves) {
        RecordShape shape = RecordShape.of(tuple.getClass());
        Keys keys = plan.keys(node);
        boolean[] known = new boolean[shape.size()];
        int i = 0;
        for (int child = node + 1; child < plan.end(node); child = plan.end(child), i++) {
            int component = shape.find(keys, i);
            if (component >= 0) {
                known[component] = true;
                node(child, shape.get(tuple, component), leaves);
            } else if (required[child]) {
                throw missing(child);
            }
        }
        for (i = 0; i < known.length; i++) {
            boolean wasNone = keys.isAbsent(shape.component(i)) && shape.get(tuple, i) == null;
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
