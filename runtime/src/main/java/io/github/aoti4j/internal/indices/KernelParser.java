package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.indices.KernelValues.NotUnderstood;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the checks in the body of a generated kernel, and what they check.
 *
 * <p>Follows blocks, loops with a fixed step, the conditions that divide a loop into whole vectors
 * and the rest ({@code C10_LIKELY}, {@code C10_UNLIKELY}), and definitions ({@code auto tmp1 = …}).
 * A check below anything else, such as another condition, is one that is not understood: no one
 * knows for which elements it is reached. The time is linear in the length of the source, since
 * blocks nest to a fixed depth at most and a statement is read twice at most.
 */
final class KernelParser {
    private static final int MAX_DEPTH = 48;
    private static final int MAX_TEXT = 120;
    private static final String CHECK = "AOTI_TORCH_CHECK";

    /** Statements behind which it is not known who goes on. */
    private static final Set<String> LEAVING =
            Set.of("return", "break", "continue", "goto", "throw");

    /** A block: what is defined in it, and the loop or condition that it belongs to. */
    private static final class Frame {
        private final Map<String, KernelValue> values = new HashMap<>();

        /** The loop, or the loop whose passes a condition chooses; null if there is none. */
        private final KernelLoop loop;

        private final String variable;

        /** Whether it is not known when the block is reached. */
        private final boolean unclear;

        Frame(KernelLoop loop, String variable, boolean unclear) {
            this.loop = loop;
            this.variable = variable;
            this.unclear = unclear;
        }
    }

    private final CppLexer lexer;
    private final String kernel;
    private final int parallelFrom;
    private final Names names = new Names();
    private final KernelValues values;
    private final ExpressionParser expressions;
    private final Deque<Frame> frames = new ArrayDeque<>();
    private final List<KernelCheck> checks = new ArrayList<>();
    private final Map<String, Integer> pointers = new HashMap<>();
    private final Map<String, Symbol> sizes = new HashMap<>();
    private final List<IndexType> pointees = new ArrayList<>();
    private int loopCount;

    /** Whether the order of statements has been lost. */
    private boolean isLost;

    /** Reads the function, which begins with its name. */
    KernelParser(String kernel, String function, int parallelFrom) {
        this.kernel = kernel;
        this.parallelFrom = parallelFrom;
        lexer = new CppLexer(function);
        values = new KernelValues(lexer, names);
        expressions = new ExpressionParser(lexer, names);
    }

    List<KernelCheck> parse() {
        parameters();
        frames.push(new Frame(null, null, false));
        while (lexer.kind() != Kind.END && !frames.isEmpty()) {
            statement();
        }
        return checks;
    }

    /** {@code (const int64_t* in_ptr0, float* out_ptr0, const int64_t ks0)} and the bracket. */
    private void parameters() {
        lexer.acceptIdentifier();
        lexer.accept("(");
        IndexType type = null;
        boolean isConst = false;
        boolean isPointer = false;
        String name = null;
        while (lexer.kind() != Kind.END && !lexer.is("{")) {
            if (lexer.accept("*")) {
                isPointer = true;
            } else if (lexer.accept("const")) {
                isConst = true;
            } else if (lexer.is(",") || lexer.is(")")) {
                parameter(name, type, isPointer && isConst, isPointer);
                type = null;
                isConst = false;
                isPointer = false;
                name = null;
                lexer.advance();
            } else {
                String word = lexer.acceptIdentifier();
                if (word == null) {
                    lexer.advance();
                } else if (IndexType.of(word) != null) {
                    type = IndexType.of(word);
                } else {
                    name = word;
                }
            }
        }
        lexer.accept("{");
    }

    private void parameter(String name, IndexType type, boolean isInput, boolean isPointer) {
        int place = pointees.size();
        pointees.add(isInput ? type : null);
        if (name != null && isInput) {
            pointers.put(name, place);
        } else if (name != null && !isPointer && type == IndexType.INT64) {
            sizes.put(name, new Symbol(name, place));
        }
    }

    private void statement() {
        if (lexer.accept("{")) {
            push(null, null, false);
        } else if (lexer.accept("}")) {
            frames.pop();
        } else if (lexer.accept(";")) {
            return;
        } else {
            String word = lexer.kind() == Kind.IDENTIFIER ? lexer.text() : "";
            switch (word) {
                case "auto" -> definition();
                case "for" -> loop();
                case "if" -> condition();
                case CHECK -> check();
                case "else", "do", "try" -> {
                    lexer.advance();
                    unclearBody();
                }
                case "while", "switch", "catch" -> {
                    lexer.advance();
                    skipParentheses();
                    unclearBody();
                }
                default -> skipStatement();
            }
        }
    }

    private void push(KernelLoop loop, String variable, boolean unclear) {
        if (frames.size() >= MAX_DEPTH) {
            giveUp();
            return;
        }
        frames.push(new Frame(loop, variable, unclear));
    }

    /** No check that follows is understood. */
    private void giveUp() {
        while (lexer.kind() != Kind.END) {
            if (lexer.is(CHECK)) {
                unclearCheck();
            } else {
                lexer.advance();
            }
        }
    }

    /** A block or a statement of which it is not known when it is reached. */
    private void unclearBody() {
        if (lexer.accept("{")) {
            push(null, null, true);
        } else {
            skipStatement();
        }
    }

    /** {@code auto tmp1 = x;}. */
    private void definition() {
        lexer.advance();
        String name = lexer.acceptIdentifier();
        if (name == null || !lexer.accept("=")) {
            skipStatement();
            return;
        }
        int start = lexer.start();
        KernelValue value;
        try {
            value = values.parse();
            if (!lexer.accept(";")) {
                value = null;
            }
        } catch (NotUnderstood _) {
            value = null;
        }
        if (value == null) {
            names.forgetLanes();
            lexer.reset(start);
            skipStatement();
        }
        frames.peek().values.put(name, value);
    }

    /** {@code for (int64_t x0=…; x0<…; x0+=…)} and the bracket. */
    private void loop() {
        int start = lexer.start();
        lexer.advance();
        if (lexer.acceptAll("(", "int64_t")) {
            String variable = lexer.acceptIdentifier();
            KernelLoop loop = variable == null ? null : header(variable);
            if (loop != null && lexer.acceptAll(")", "{")) {
                push(loop, variable, false);
                return;
            }
        }
        lexer.reset(start);
        lexer.advance();
        skipParentheses();
        unclearBody();
    }

    private KernelLoop header(String variable) {
        if (!lexer.accept("=")) {
            return null;
        }
        SizeExpression first = expressions.parse();
        if (!lexer.acceptAll(";", variable, "<")) {
            return null;
        }
        SizeExpression end = expressions.parse();
        if (!lexer.acceptAll(";", variable, "+", "=")) {
            return null;
        }
        SizeExpression step = expressions.parse();
        boolean known = first.isKnown() && end.isKnown() && !first.isReal() && !end.isReal();
        return known && step instanceof Literal(long value) && value > 0
                ? new KernelLoop(symbol(variable), first, end, value, null, null)
                : null;
    }

    private Symbol symbol(String name) {
        return new Symbol(name, --loopCount);
    }

    /** {@code if (C10_LIKELY(x0 >= static_cast<int64_t>(…) && x0 < static_cast<int64_t>(…)))} */
    private void condition() {
        int start = lexer.start();
        lexer.advance();
        if (lexer.accept("(") && (lexer.accept("C10_LIKELY") || lexer.accept("C10_UNLIKELY"))) {
            lexer.accept("(");
            String variable = lexer.acceptIdentifier();
            KernelLoop loop = variable == null ? null : loopOf(variable);
            SizeExpression from = lexer.accept(">=") ? cast() : null;
            SizeExpression to = null;
            if (from != null && variable != null && lexer.acceptAll("&", "&", variable, "<")) {
                to = cast();
            }
            boolean isFirst = loop != null && loop.from() == null;
            if (isFirst && to != null && lexer.acceptAll(")", ")", "{")) {
                push(loop.within(from, to), variable, false);
                return;
            }
        }
        lexer.reset(start);
        lexer.advance();
        skipParentheses();
        unclearBody();
    }

    /** {@code static_cast<int64_t>(x)}, which something else may follow; null for anything else. */
    private SizeExpression cast() {
        if (!lexer.acceptAll("static_cast", "<", "int64_t", ">", "(")) {
            return null;
        }
        SizeExpression number = expressions.parse();
        return number.isKnown() && !number.isReal() && lexer.accept(")") ? number : null;
    }

    /** The innermost loop of that variable, or what a condition leaves of it; null if none is. */
    private KernelLoop loopOf(String variable) {
        for (Frame frame : frames) {
            if (variable.equals(frame.variable)) {
                return frame.loop;
            }
        }
        return null;
    }

    private void check() {
        int start = lexer.start();
        boolean isParallel = parallelFrom >= 0 && start > parallelFrom;
        lexer.advance();
        KernelCondition condition = null;
        try {
            condition = KernelCondition.parse(lexer, values, expressions);
        } catch (NotUnderstood _) {
            names.forgetLanes();
        }
        lexer.reset(start);
        String text = skipStatement(false);
        boolean isReached = !isLost && frames.stream().noneMatch(frame -> frame.unclear);
        if (condition != null && condition.holds()) {
            checks.add(new KernelCheck(kernel, text, isParallel, true, -1, Optional.empty()));
            return;
        }
        Optional<CheckedIndex> index =
                condition == null || !isReached
                        ? Optional.<CheckedIndex>empty()
                        : condition.index(loops());
        int source = condition == null ? -1 : condition.source();
        checks.add(new KernelCheck(kernel, text, isParallel, false, source, index));
    }

    /** The loops around the current statement, from the outermost, as conditions leave them. */
    private List<KernelLoop> loops() {
        var found = new ArrayList<KernelLoop>();
        var seen = new HashSet<Symbol>();
        for (Frame frame : frames) {
            if (frame.loop != null && seen.add(frame.loop.variable())) {
                found.addFirst(frame.loop);
            }
        }
        return found;
    }

    private void skipParentheses() {
        if (!lexer.accept("(")) {
            return;
        }
        int open = 1;
        while (open > 0 && lexer.kind() != Kind.END) {
            if (lexer.is("(")) {
                open++;
            } else if (lexer.is(")")) {
                open--;
            }
            lexer.advance();
        }
    }

    private void skipStatement() {
        skipStatement(true);
    }

    /**
     * To behind its semicolon, or to a brace that closes more than it opens. What it assigns to is
     * known no more.
     */
    private String skipStatement(boolean reportChecks) {
        int open = 0;
        String text = "";
        String last = null;
        while (lexer.kind() != Kind.END) {
            if (lexer.is("(") || lexer.is("[") || lexer.is("{")) {
                open++;
            } else if (lexer.is(")") || lexer.is("]") || lexer.is("}")) {
                if (open == 0 && lexer.is("}")) {
                    return text;
                }
                open = Math.max(0, open - 1);
            } else if (lexer.is(";") && open == 0) {
                lexer.advance();
                return text;
            } else if (reportChecks && lexer.is(CHECK)) {
                unclearCheck();
                continue;
            } else if (lexer.kind() == Kind.STRING) {
                text = shown(lexer.acceptString());
                continue;
            } else if (open == 0 && lexer.kind() == Kind.IDENTIFIER) {
                last = lexer.acceptIdentifier();
                isLost |= LEAVING.contains(last);
                continue;
            } else if (open == 0 && lexer.is("=") && last != null) {
                forget(last);
            }
            lexer.advance();
        }
        return text;
    }

    private void forget(String name) {
        for (Frame frame : frames) {
            if (frame.values.containsKey(name)) {
                frame.values.put(name, null);
            }
        }
    }

    /** A check within another statement. */
    private void unclearCheck() {
        boolean isParallel = parallelFrom >= 0 && lexer.start() > parallelFrom;
        String text = "";
        while (lexer.kind() != Kind.END && !lexer.is(";")) {
            if (lexer.kind() == Kind.STRING) {
                text = shown(lexer.acceptString());
            } else {
                lexer.advance();
            }
        }
        checks.add(new KernelCheck(kernel, text, isParallel, false, -1, Optional.empty()));
    }

    private static String shown(String message) {
        String line = message.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return line.length() > MAX_TEXT ? line.substring(0, MAX_TEXT) + "…" : line;
    }

    /** What the names stand for at the current statement. */
    private final class Names implements KernelValues.Names {
        private final Map<String, Symbol> lanes = new HashMap<>();

        void forgetLanes() {
            lanes.clear();
        }

        @Override
        public KernelValue value(String name) {
            for (Frame frame : frames) {
                if (frame.values.containsKey(name)) {
                    return frame.values.get(name);
                }
            }
            return null;
        }

        @Override
        public int pointer(String name) {
            return pointers.getOrDefault(name, -1);
        }

        @Override
        public IndexType pointee(int parameter) {
            return pointees.get(parameter);
        }

        @Override
        public Symbol beginLane(String name) {
            var symbol = symbol(name);
            lanes.put(name, symbol);
            return symbol;
        }

        @Override
        public void endLane(String name) {
            lanes.remove(name);
        }

        @Override
        public SizeExpression variable(String name) {
            Symbol lane = lanes.get(name);
            if (lane != null) {
                return lane;
            }
            KernelLoop loop = loopOf(name);
            return loop != null ? loop.variable() : sizes.get(name);
        }

        @Override
        public SizeExpression element(String name, String method, int index) {
            return null;
        }
    }
}
