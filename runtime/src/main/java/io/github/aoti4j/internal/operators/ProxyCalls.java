package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.indices.OperatorCallSite;
import io.github.aoti4j.internal.indices.OperatorCallSites;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The calls that a package says its model makes through the proxy executor.
 *
 * @param nodes by the index that the model passes
 * @param sites by node: what the generated source says of the call, if anything
 * @param symbols those of the inputs' sizes and strides
 */
public record ProxyCalls(
        List<ExternNode> nodes, Map<Integer, OperatorCallSite> sites, List<SizeSymbol> symbols) {
    /**
     * Reads {@code <hash>.wrapper.json}; throws {@link IllegalArgumentException} saying where it is
     * bad.
     */
    public static ProxyCalls parse(String json) {
        return new ProxyCalls(ExternNode.parse(json), Map.of(), List.of());
    }

    /** Adds what the generated source, {@code .wrapper.cpp}, says of the calls. */
    public ProxyCalls withSource(String source, List<SizeSymbol> inputSymbols) {
        return new ProxyCalls(nodes, OperatorCallSites.find(source, inputSymbols), inputSymbols);
    }

    /** Returns the operators' names, with overloads. */
    public Set<String> operators() {
        Set<String> names = new TreeSet<>();
        nodes.forEach(node -> names.add(node.qualifiedName()));
        return names;
    }
}
