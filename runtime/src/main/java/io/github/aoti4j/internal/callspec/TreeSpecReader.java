package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.internal.callspec.Plan.Node;
import io.github.aoti4j.weights.mapped.Json;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Reads what {@code treespec_dumps} of {@code torch/utils/_pytree.py} writes, protocol 1: {@code
 * [1, {"type": …, "context": …, "children_spec": […]}]}, where a leaf's type is null and the
 * context is JSON within a string for most types. Nothing of it is trusted.
 */
public final class TreeSpecReader {
    private static final int PROTOCOL = 1;

    /** Deeper than any call, and shallow enough for recursion. */
    private static final int MAX_DEPTH = 100;

    /** A spec of ten thousand tensors has less than a million characters. */
    private static final int MAX_CHARS = 4 << 20;

    /**
     * Strings are found fast whatever their hashes. Tuples, or keys of several types, are not if a
     * spec gives them all the same.
     */
    private static final int MAX_OTHER_KEYS = 1000;

    private final String what;
    private final List<Node> nodes = new ArrayList<>();
    private int leaves;

    private TreeSpecReader(String what) {
        this.what = what;
    }

    /**
     * Reads the arguments: a tuple of a tuple (positional) and a dict (keywords). The text may be
     * empty.
     */
    public static Plan inputs(String json) {
        var reader = new TreeSpecReader("the call spec of the inputs");
        Plan read = reader.read(json);
        if (read.kind(0) != NodeKind.TUPLE
                || read.childCount(0) != 2
                || read.kind(1) != NodeKind.TUPLE
                || read.kind(read.end(1)) != NodeKind.DICT) {
            throw reader.broken("is not a tuple of a tuple of arguments and a dict of keywords");
        }
        if (!read.keys(read.end(1)).allAre(String.class)) {
            throw reader.broken("has keyword arguments whose names are not strings");
        }
        return read;
    }

    public static Plan outputs(String json) {
        return new TreeSpecReader("the call spec of the outputs").read(json);
    }

    private Plan read(String json) {
        if (json.isBlank()) {
            throw new CallSpecException(
                    "the model was compiled without a call spec: call it with flat tensors (run)");
        }
        if (json.length() > MAX_CHARS) {
            throw broken("is longer than " + MAX_CHARS + " characters");
        }
        JsonNode root = parse(json, "");
        if (!root.isArray() || root.size() != 2 || !root.get(0).isIntegralNumber()) {
            throw broken("is not an array of a protocol number and a tree");
        }
        if (!root.get(0).canConvertToInt() || root.get(0).intValue() != PROTOCOL) {
            throw broken(
                    "has protocol %s, and this version of aoti4j reads %d"
                            .formatted(Python.printable(root.get(0).toString()), PROTOCOL));
        }
        add(root.get(1), 0);
        return new Plan(nodes);
    }

    private void add(JsonNode json, int depth) {
        if (depth > MAX_DEPTH) {
            throw broken("is nested more than " + MAX_DEPTH + " deep");
        }
        JsonNode type = field(json, "type");
        JsonNode context = field(json, "context");
        JsonNode children = field(json, "children_spec");
        if (!children.isArray()) {
            throw broken("has a node whose children are not an array");
        }
        Node node = begin(type, context, children.size());
        int index = nodes.size();
        nodes.add(node);
        leaves += node.kind() == NodeKind.LEAF ? 1 : 0;
        for (JsonNode child : children) {
            add(child, depth + 1);
        }
        nodes.set(
                index,
                new Node(node.kind(), nodes.size(), node.leavesBefore(), node.keys(), node.type()));
    }

    /** Makes a node whose end is not known yet. */
    private Node node(NodeKind kind, Keys keys, String type) {
        return new Node(kind, -1, leaves, keys, type);
    }

    private JsonNode field(JsonNode json, String name) {
        JsonNode value = json.isObject() ? json.get(name) : null;
        if (value == null) {
            throw broken("has a node without \"" + name + "\"");
        }
        return value;
    }

    private Node begin(JsonNode type, JsonNode context, int children) {
        if (type.isNull()) {
            if (!context.isNull() || children > 0) {
                throw broken("has a leaf with children or a context");
            }
            return node(NodeKind.LEAF, Keys.NONE, null);
        }
        if (!type.isString()) {
            throw broken("has a node whose type is not a string");
        }
        String name = type.stringValue();
        return switch (name) {
            case "builtins.tuple" -> node(NodeKind.TUPLE, Keys.NONE, null);
            case "builtins.list" -> node(NodeKind.LIST, Keys.NONE, null);
            case "collections.deque" -> node(NodeKind.DEQUE, Keys.NONE, null);
            case "builtins.dict" -> dict(NodeKind.DICT, name, context(context, name), children);
            case "collections.OrderedDict" ->
                    dict(NodeKind.ORDERED_DICT, name, context(context, name), children);
            case "collections.defaultdict" ->
                    dict(
                            NodeKind.DEFAULT_DICT,
                            name,
                            field(
                                    context.isString() ? context(context, name) : context,
                                    "dict_context"),
                            children);
            case "collections.namedtuple" -> {
                if (!context.isString()) {
                    throw broken("has a named tuple without the name of its class");
                }
                yield node(NodeKind.NAMED_TUPLE, Keys.NONE, context.stringValue());
            }
            default -> registered(name, context, children);
        };
    }

    private Node dict(NodeKind kind, String type, JsonNode keys, int children) {
        if (!keys.isArray() || keys.size() != children) {
            throw broken(
                    "has a %s of %d elements without as many keys"
                            .formatted(Python.printable(type), children));
        }
        List<Object> values = new ArrayList<>();
        int others = 0;
        for (JsonNode key : keys) {
            if (!key.isString() && ++others > MAX_OTHER_KEYS) {
                throw broken(
                        "has a %s with more than %d keys that are not strings"
                                .formatted(Python.printable(type), MAX_OTHER_KEYS));
            }
            values.add(key(key, 0));
        }
        return node(kind, distinct(values, List.of(), type), null);
    }

    /**
     * A class that someone registered. {@code register_dataclass} keeps the names of fields in two
     * lists, those that have a node and those that were None; Hugging Face's results of models, and
     * others that behave as dicts, keep one list.
     */
    private Node registered(String type, JsonNode context, int children) {
        if (context.isString()) {
            JsonNode parsed = context(context, type);
            Optional<List<String>> names = strings(parsed);
            List<String> absent = List.of();
            if (names.isEmpty() && parsed.isArray() && parsed.size() == 2) {
                Optional<List<String>> none = strings(parsed.get(1));
                names = none.isPresent() ? strings(parsed.get(0)) : Optional.empty();
                absent = none.orElse(List.of());
            }
            if (names.isPresent() && names.get().size() == children) {
                return node(NodeKind.FIELDS, distinct(names.get(), absent, type), type);
            }
        }
        throw broken(
                "has a node of the type %s, whose structure it does not state; call the model with flat tensors (run)"
                        .formatted(Python.printable(type)));
    }

    private static Optional<List<String>> strings(JsonNode json) {
        return json.isArray() && json.valueStream().allMatch(JsonNode::isString)
                ? Optional.of(json.valueStream().map(JsonNode::stringValue).toList())
                : Optional.empty();
    }

    private Keys distinct(List<?> keys, List<String> absent, String type) {
        var seen = new HashSet<Object>(keys);
        seen.addAll(absent);
        if (seen.size() != keys.size() + absent.size()) {
            throw broken("has a " + Python.printable(type) + " with a key twice");
        }
        return new Keys(keys, absent);
    }

    /** A dict's key. JSON has no tuples, so that they come as arrays, and enums as objects. */
    private Object key(JsonNode json, int depth) {
        if (depth > MAX_DEPTH) {
            throw broken("has a key that is nested more than " + MAX_DEPTH + " deep");
        }
        if (json.isArray()) {
            return Keys.canonical(json.valueStream().map(item -> key(item, depth + 1)).toList());
        }
        if (json.isObject() && json.path("__enum__").asBoolean(false)) {
            return field(json, "name").asString("");
        }
        return switch (json.getNodeType()) {
            case NULL -> null;
            case BOOLEAN -> json.booleanValue();
            case STRING -> json.stringValue();
            case NUMBER ->
                    json.isIntegralNumber()
                            ? Keys.canonical(json.bigIntegerValue())
                            : (Object) json.doubleValue();
            default -> throw broken("has a key that is neither a plain value nor a tuple");
        };
    }

    private JsonNode context(JsonNode context, String type) {
        if (!context.isString()) {
            throw broken("has a " + Python.printable(type) + " whose context is not a string");
        }
        return parse(context.stringValue(), " in the context of a " + Python.printable(type));
    }

    private JsonNode parse(String json, String where) {
        try {
            return Json.tree(json);
        } catch (JacksonException e) {
            throw new CallSpecException(
                    what + " is not valid JSON" + where + ": " + e.getOriginalMessage(), e);
        }
    }

    private CallSpecException broken(String problem) {
        return new CallSpecException(what + " " + problem);
    }
}
