package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.indices.OperatorCallSite;
import io.github.aoti4j.internal.indices.OperatorCallSites;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The calls that a package says its model makes through the proxy executor. */
public final class ProxyCalls {
    private final List<ExternNode> nodes;
    private final Map<Integer, OperatorCallSite> sites;
    private final List<SizeSymbol> symbols;

    private ProxyCalls(
            List<ExternNode> nodes,
            Map<Integer, OperatorCallSite> sites,
            List<SizeSymbol> symbols) {
        this.nodes = nodes;
        this.sites = sites;
        this.symbols = symbols;
    }

    /**
     * Reads the package's list.
     *
     * @param json the text of {@code <hash>.wrapper.json}
     * @throws IllegalArgumentException if it is no such list; the message tells where
     */
    public static ProxyCalls parse(String json) {
        return new ProxyCalls(ExternNodes.parse(json), Map.of(), List.of());
    }

    /**
     * Adds what the generated source says of the calls.
     *
     * @param source the text of the {@code .wrapper.cpp}
     * @param symbols those of the inputs' sizes and strides
     */
    public ProxyCalls withSource(String source, List<SizeSymbol> symbols) {
        return new ProxyCalls(nodes, OperatorCallSites.find(source, symbols), symbols);
    }

    /** Returns the operators. */
    public Set<String> operators() {
        Set<String> names = new TreeSet<>();
        nodes.forEach(node -> names.add(node.qualifiedName()));
        return names;
    }

    /** What the source says of a call; null if nothing. */
    OperatorCallSite site(int node) {
        return sites.get(node);
    }

    /** The symbols of the inputs' sizes and strides. */
    List<SizeSymbol> symbols() {
        return symbols;
    }

    /** The calls, by the index that the model makes them by. */
    List<ExternNode> nodes() {
        return nodes;
    }
}
