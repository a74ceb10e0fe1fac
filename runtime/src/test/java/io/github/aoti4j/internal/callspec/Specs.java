package io.github.aoti4j.internal.callspec;

import java.util.List;
import java.util.stream.Collectors;

/** Writes TreeSpecs as PyTorch does. */
final class Specs {
    static final String LEAF = "{\"type\": null, \"context\": null, \"children_spec\": []}";

    private Specs() {}

    /** A node; the context is JSON, with its quotes if it is a string. */
    static String node(String type, String context, String... children) {
        return "{\"type\": \"%s\", \"context\": %s, \"children_spec\": [%s]}"
                .formatted(type, context, String.join(", ", children));
    }

    static String tuple(String... children) {
        return node("builtins.tuple", "\"null\"", children);
    }

    static String list(String... children) {
        return node("builtins.list", "\"null\"", children);
    }

    /** A dict, of keys that are JSON. */
    static String dict(List<String> keys, String... children) {
        return node("builtins.dict", text(array(keys)), children);
    }

    static String array(List<String> json) {
        return json.stream().collect(Collectors.joining(", ", "[", "]"));
    }

    /** JSON within a JSON string. */
    static String text(String json) {
        return '"' + json.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static String dump(String root) {
        return "[1, " + root + "]";
    }

    static Plan outputs(String root) {
        return TreeSpecReader.outputs(dump(root));
    }

    /** The arguments of a call, of keyword arguments that are JSON. */
    static Plan inputs(String args, List<String> keywords, String... values) {
        return TreeSpecReader.inputs(dump(tuple(args, dict(keywords, values))));
    }
}
