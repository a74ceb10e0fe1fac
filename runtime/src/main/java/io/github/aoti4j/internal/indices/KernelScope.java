package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What the names in a generated kernel stand for at the current statement. */
final class KernelScope implements ExpressionParser.Scope {
    private static final int MAX_DEPTH = 48;

    /**
     * What is defined in a block, and the loop or condition that it belongs to.
     *
     * @param loop the loop, or the loop whose passes a condition chooses; null if there is none
     * @param isUnclear whether it is unknown for which elements the block is reached
     */
    private record Block(Map<String, KernelValue> values, KernelLoop loop, boolean isUnclear) {}

    private final Deque<Block> blocks = new ArrayDeque<>();

    /** By name: the index of a parameter that is a pointer to const. */
    private final Map<String, Integer> pointers = new HashMap<>();

    /** By parameter: what such a pointer points to; null for other parameters. */
    private final List<DType> pointees = new ArrayList<>();

    private final Map<String, Symbol> sizes = new HashMap<>();
    private KernelLoop lane;
    private int loopCount;

    /**
     * Reads {@code name(const int64_t* in_ptr0, float* out_ptr0, const int64_t ks0)} and a brace.
     */
    KernelScope(CppLexer lexer) {
        lexer.acceptIdentifier();
        lexer.accept("(");
        while (lexer.kind() != Kind.END && !lexer.is("{")) {
            readParameter(lexer);
        }
        lexer.accept("{");
        open(null, false);
    }

    private void readParameter(CppLexer lexer) {
        DType type = null;
        boolean isConst = false;
        boolean isPointer = false;
        String name = null;
        while (!lexer.is(",") && !lexer.is(")")) {
            if (lexer.kind() == Kind.END || lexer.is("{")) {
                return;
            }
            String word = lexer.kind() == Kind.IDENTIFIER ? lexer.text() : "";
            isPointer |= lexer.is("*");
            isConst |= word.equals("const");
            if (KernelValue.TYPES.containsKey(word)) {
                type = KernelValue.TYPES.get(word);
            } else if (!word.isEmpty() && !word.equals("const")) {
                name = word;
            }
            lexer.advance();
        }
        lexer.advance();
        int index = pointees.size();
        boolean isInput = isPointer && isConst;
        pointees.add(isInput ? type : null);
        if (name != null && isInput) {
            pointers.put(name, index);
        } else if (name != null && !isPointer && type == DType.INT64) {
            sizes.put(name, new Symbol(name, index));
        }
    }

    /** Returns false if blocks are nested too deeply. */
    boolean open(KernelLoop loop, boolean isUnclear) {
        if (blocks.size() >= MAX_DEPTH) {
            return false;
        }
        blocks.push(new Block(new HashMap<>(), loop, isUnclear));
        return true;
    }

    void close() {
        blocks.pop();
    }

    /** Whether the function's own block is closed. */
    boolean isClosed() {
        return blocks.isEmpty();
    }

    /** Whether it is known for which elements the current statement is reached. */
    boolean isClear() {
        return blocks.stream().noneMatch(Block::isUnclear);
    }

    /** Defines a variable; null if its value is not understood. */
    void define(String name, KernelValue value) {
        blocks.peek().values.put(name, value);
    }

    void forget(String name) {
        for (Block block : blocks) {
            block.values.replace(name, null);
        }
    }

    KernelValue value(String name) {
        for (Block block : blocks) {
            if (block.values.containsKey(name)) {
                return block.values.get(name);
            }
        }
        return null;
    }

    /** The index of the parameter of that name, a pointer to const; -1 for anything else. */
    int pointer(String name) {
        return pointers.getOrDefault(name, -1);
    }

    DType pointee(int parameter) {
        return pointees.get(parameter);
    }

    /** A new loop variable. Its slot is negative; those of sizes are not. */
    Symbol newVariable(String name) {
        return new Symbol(name, --loopCount);
    }

    KernelLoop newLane(String variable, SizeExpression count) {
        return new KernelLoop(newVariable(variable), new Literal(0), count, 1, null, null);
    }

    /** The loop over lanes that the current expression is in, or null. */
    KernelLoop lane() {
        return lane;
    }

    /** Enters a loop over lanes, or leaves it with null. */
    void setLane(KernelLoop lane) {
        this.lane = lane;
    }

    /** The innermost loop of that variable, or what a condition leaves of it; null if none is. */
    KernelLoop loopOf(String variable) {
        for (Block block : blocks) {
            if (block.loop != null && block.loop.isOf(variable)) {
                return block.loop;
            }
        }
        return null;
    }

    /** The loops around the current statement, from the outermost, as conditions leave them. */
    List<KernelLoop> loops() {
        var found = new ArrayList<KernelLoop>();
        var seen = new HashSet<Symbol>();
        for (Block block : blocks) {
            if (block.loop != null && seen.add(block.loop.variable())) {
                found.addFirst(block.loop);
            }
        }
        return found;
    }

    @Override
    public SizeExpression variable(String name) {
        KernelLoop loop = lane != null && lane.isOf(name) ? lane : loopOf(name);
        return loop != null ? loop.variable() : sizes.get(name);
    }
}
