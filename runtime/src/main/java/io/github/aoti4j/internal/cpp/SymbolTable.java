package io.github.aoti4j.internal.cpp;

import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeSymbol.Extent;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The names that a wrapper source has given to inputs, sizes, strides and symbols so far. */
public final class SymbolTable implements ExpressionParser.Scope {
    private final Map<String, Integer> inputs = new HashMap<>();
    private final Map<String, SizeExpression> variables = new HashMap<>();
    private final Map<Extent, Symbol> extents = new HashMap<>();
    private final Map<Integer, Integer> ranks = new HashMap<>();
    private final List<SizeSymbol> symbols = new ArrayList<>();

    /** Names an input; of two inputs with one name the first has it. */
    public void nameInput(String name, int index) {
        inputs.putIfAbsent(name, index);
    }

    /** Returns the input of that name, or -1. */
    public int inputOf(String name) {
        return inputs.getOrDefault(name, -1);
    }

    /** Returns the input whose name with this suffix it is, or -1. */
    public int inputOf(String name, String suffix) {
        return name.endsWith(suffix)
                ? inputOf(name.substring(0, name.length() - suffix.length()))
                : -1;
    }

    /** Returns the input whose array of sizes has that name, or -1. */
    public int inputOfSizes(String name) {
        return inputOf(name, "_size");
    }

    /** Returns the input whose array of strides has that name, or -1. */
    public int inputOfStrides(String name) {
        return inputOf(name, "_stride");
    }

    /** Defines {@code name = expression}. */
    public void define(String name, SizeExpression expression) {
        if (!expression.isKnown() || variables.containsKey(name)) {
            return;
        }
        if (expression instanceof Symbol alias) {
            variables.put(name, isNamed(alias) ? alias : rename(alias, name));
            return;
        }
        var symbol = new Symbol(name, symbols.size());
        variables.put(name, symbol);
        symbols.add(new SizeSymbol(name, symbol.slot(), Optional.empty(), Optional.of(expression)));
    }

    /** Returns the symbol that stands for a size or stride, or null. */
    public Symbol symbolOf(Extent extent) {
        return extents.get(extent);
    }

    /** Returns the smallest rank in which the sizes and strides used of an input exist. */
    public int rankUsed(int input) {
        return ranks.getOrDefault(input, 0);
    }

    public int count() {
        return symbols.size();
    }

    /** Returns the symbols in the order of their slots. */
    public List<SizeSymbol> symbols() {
        return List.copyOf(symbols);
    }

    @Override
    public SizeExpression variable(String name) {
        return variables.get(name);
    }

    @Override
    public SizeExpression element(String name, String method, int index) {
        int bySize = inputOf(name, method, "size");
        int byStride = inputOf(name, method, "stride");
        return bySize >= 0
                ? symbol(new Extent(bySize, index, false))
                : byStride >= 0 ? symbol(new Extent(byStride, index, true)) : null;
    }

    private int inputOf(String name, String method, String array) {
        if (method == null) {
            return inputOf(name, "_" + array);
        }
        return method.equals(array + "s") ? inputOf(name) : -1;
    }

    private Symbol symbol(Extent extent) {
        var known = extents.get(extent);
        if (known != null) {
            return known;
        }
        ranks.put(extent.input(), Math.max(rankUsed(extent.input()), extent.dimension() + 1));
        String array = extent.isStride() ? "stride" : "size";
        String name = array + "(" + extent.input() + ", " + extent.dimension() + ")";
        var symbol = new Symbol(name, symbols.size());
        symbols.add(new SizeSymbol(name, symbol.slot(), Optional.of(extent), Optional.empty()));
        extents.put(extent, symbol);
        return symbol;
    }

    /** The names that stand in for one until a definition gives it have a bracket. */
    private static boolean isNamed(Symbol symbol) {
        return symbol.name().indexOf('(') < 0;
    }

    private Symbol rename(Symbol symbol, String name) {
        var extent = symbols.get(symbol.slot()).extent();
        var renamed = new Symbol(name, symbol.slot());
        symbols.set(symbol.slot(), new SizeSymbol(name, symbol.slot(), extent, Optional.empty()));
        extents.put(extent.orElseThrow(), renamed);
        return renamed;
    }
}
