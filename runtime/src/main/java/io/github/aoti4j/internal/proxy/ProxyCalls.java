package io.github.aoti4j.internal.proxy;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The calls that a package says its model makes through the proxy executor. */
public final class ProxyCalls {
    private final List<ExternNode> nodes;

    private ProxyCalls(List<ExternNode> nodes) {
        this.nodes = nodes;
    }

    /**
     * Reads the package's list.
     *
     * @param json the text of {@code <hash>.wrapper.json}
     * @return the calls
     * @throws IllegalArgumentException if it is no such list; the message tells where
     */
    public static ProxyCalls parse(String json) {
        return new ProxyCalls(ExternNodes.parse(json));
    }

    /**
     * Returns the operators.
     *
     * @return names with overloads, sorted
     */
    public Set<String> operators() {
        Set<String> names = new TreeSet<>();
        nodes.forEach(node -> names.add(node.qualifiedName()));
        return names;
    }

    /** The calls, by the index that the model makes them by. */
    List<ExternNode> nodes() {
        return nodes;
    }
}
