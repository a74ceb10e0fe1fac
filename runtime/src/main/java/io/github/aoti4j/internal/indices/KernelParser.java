package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the checks of indices in the generated kernels of a model, and what they check.
 *
 * <p>A kernel checks indices that depend on data with {@code AOTI_TORCH_CHECK}, which throws. In a
 * kernel that Inductor made parallel the throw happens in an OpenMP region, which C++ exceptions
 * cannot leave: {@code std::terminate}. The source shows it ({@code CppKernel} in {@code
 * torch/_inductor/codegen/cpp.py}).
 *
 * <p>Follows blocks, loops with a fixed step, the conditions that divide a loop into whole vectors
 * and the rest ({@code C10_LIKELY}, {@code C10_UNLIKELY}), and definitions ({@code auto tmp1 = …}).
 * A check below anything else, such as another condition, is not understood: it is unknown for
 * which elements it is reached. The time is linear in the length of the source, since blocks nest
 * to a fixed depth at most and a statement is read twice at most.
 */
final class KernelParser {
    private static final int MAX_TEXT = 120;
    private static final String FUNCTION = "extern \"C\"";
    private static final String REGION = "#pragma omp parallel";
    private static final String CHECK = "AOTI_TORCH_CHECK";

    /** After these statements it is unknown for which elements the next ones are reached. */
    private static final Set<String> LEAVING =
            Set.of("return", "break", "continue", "goto", "throw");

    private final CppLexer lexer;
    private final String kernel;

    /** Where the parallel region begins; the source's length if there is none. */
    private final int parallelFrom;

    private final KernelScope scope;
    private final KernelValues values;
    private final ExpressionParser expressions;
    private final List<KernelCheck> checks;

    /** Whether a statement has left the order. */
    private boolean isLost;

    /** Reads a function, which begins with its name. */
    private KernelParser(
            String kernel, String function, int parallelFrom, List<KernelCheck> checks) {
        this.kernel = kernel;
        this.parallelFrom = parallelFrom;
        this.checks = checks;
        lexer = new CppLexer(function);
        scope = new KernelScope(lexer);
        expressions = new ExpressionParser(lexer, scope);
        values = new KernelValues(lexer, scope, expressions);
    }

    /** Returns the checks in a source that can fail, in its order. */
    static List<KernelCheck> checks(String source) {
        List<KernelCheck> found = new ArrayList<>();
        int check = source.indexOf(CHECK + "(");
        int start = source.indexOf(FUNCTION);
        while (start >= 0 && check >= 0) {
            int next = source.indexOf(FUNCTION, start + FUNCTION.length());
            int end = next < 0 ? source.length() : next;
            if (check >= start && check < end) {
                parse(source.substring(start, end), found);
            }
            start = next;
            if (check < end) {
                check = source.indexOf(CHECK + "(", end);
            }
        }
        return found;
    }

    private static void parse(String function, List<KernelCheck> found) {
        int bracket = function.indexOf('(');
        if (bracket < 0) {
            return;
        }
        String signature = function.substring(0, bracket).stripTrailing();
        int name = signature.lastIndexOf(' ') + 1;
        int region = function.indexOf(REGION, bracket);
        int parallelFrom = region < 0 ? function.length() : region - name;
        var parser =
                new KernelParser(
                        signature.substring(name), function.substring(name), parallelFrom, found);
        while (parser.lexer.kind() != Kind.END && !parser.scope.isClosed()) {
            parser.statement();
        }
    }

    private void statement() {
        if (lexer.accept("{")) {
            open(null, false);
        } else if (lexer.accept("}")) {
            scope.close();
        } else if (!lexer.accept(";")) {
            switch (lexer.kind() == Kind.IDENTIFIER ? lexer.text() : "") {
                case "auto" -> definition();
                case "for", "if", "while", "switch", "catch" -> loopOrCondition();
                case CHECK -> check();
                case "else", "do", "try" -> {
                    lexer.advance();
                    unclearBody();
                }
                default -> skipStatement(true);
            }
        }
    }

    private void open(KernelLoop loop, boolean isUnclear) {
        if (scope.open(loop, isUnclear)) {
            return;
        }
        // No check that follows is understood.
        while (lexer.kind() != Kind.END) {
            if (lexer.is(CHECK)) {
                unclearCheck();
            } else {
                lexer.advance();
            }
        }
    }

    /** A block or a statement of which it is unknown when it is reached. */
    private void unclearBody() {
        if (lexer.accept("{")) {
            open(null, true);
        } else {
            skipStatement(true);
        }
    }

    /** {@code auto tmp1 = x;}. */
    private void definition() {
        lexer.advance();
        String name = lexer.acceptIdentifier();
        if (name == null || !lexer.accept("=")) {
            skipStatement(true);
            return;
        }
        int start = lexer.start();
        KernelValue value;
        try {
            value = values.parse();
            lexer.expect(";");
        } catch (NotUnderstood _) {
            value = null;
            lexer.reset(start);
            skipStatement(true);
        }
        scope.define(name, value);
    }

    private void loopOrCondition() {
        int start = lexer.start();
        String keyword = lexer.acceptIdentifier();
        KernelLoop loop;
        try {
            loop =
                    switch (keyword) {
                        case "for" -> loop();
                        case "if" -> condition();
                        default -> throw new NotUnderstood();
                    };
        } catch (NotUnderstood _) {
            lexer.reset(start);
            lexer.advance();
            skipParentheses();
            unclearBody();
            return;
        }
        open(loop, false);
    }

    /** {@code (int64_t x0=…; x0<…; x0+=…)} and a brace. */
    private KernelLoop loop() throws NotUnderstood {
        lexer.expect("(", "int64_t");
        String variable = lexer.expectIdentifier();
        lexer.expect("=");
        SizeExpression first = expressions.parseInteger();
        lexer.expect(";", variable, "<");
        SizeExpression end = expressions.parseInteger();
        lexer.expect(";", variable, "+", "=");
        if (!(expressions.parse() instanceof Literal(long step)) || step <= 0) {
            throw new NotUnderstood();
        }
        lexer.expect(")", "{");
        return new KernelLoop(scope.newVariable(variable), first, end, step, null, null);
    }

    /**
     * {@code (C10_LIKELY(x0 >= static_cast<int64_t>(…) && x0 < static_cast<int64_t>(…)))} and a
     * brace.
     */
    private KernelLoop condition() throws NotUnderstood {
        lexer.expect("(");
        if (!lexer.accept("C10_LIKELY")) {
            lexer.expect("C10_UNLIKELY");
        }
        lexer.accept("(");
        String variable = lexer.expectIdentifier();
        KernelLoop loop = scope.loopOf(variable);
        if (loop == null || loop.from() != null) {
            throw new NotUnderstood();
        }
        lexer.expect(">=");
        SizeExpression from = cast();
        lexer.expect("&", "&", variable, "<");
        SizeExpression to = cast();
        lexer.expect(")", ")", "{");
        return loop.within(from, to);
    }

    /** {@code static_cast<int64_t>(x)}, which something else may follow. */
    private SizeExpression cast() throws NotUnderstood {
        lexer.expect("static_cast", "<", "int64_t", ">", "(");
        SizeExpression number = expressions.parseInteger();
        lexer.expect(")");
        return number;
    }

    private void check() {
        int start = lexer.start();
        lexer.advance();
        KernelCondition condition = null;
        try {
            condition = KernelCondition.parse(lexer, values, expressions);
        } catch (NotUnderstood _) {
            // Left to the kernel.
        }
        lexer.reset(start);
        String text = skipStatement(false);
        if (condition == null) {
            add(start, text, -1, Optional.empty());
        } else if (!condition.holds()) {
            boolean isReached = !isLost && scope.isClear();
            add(
                    start,
                    text,
                    condition.source(),
                    isReached ? condition.index(scope.loops()) : Optional.empty());
        }
    }

    /** A check within another statement. */
    private void unclearCheck() {
        int start = lexer.start();
        String text = "";
        while (lexer.kind() != Kind.END && !lexer.is(";")) {
            if (lexer.kind() == Kind.STRING) {
                text = shown(lexer.acceptString());
            } else {
                lexer.advance();
            }
        }
        add(start, text, -1, Optional.empty());
    }

    private void add(int start, String text, int source, Optional<IndexRange> index) {
        checks.add(new KernelCheck(kernel, text, start > parallelFrom, source, index));
    }

    private void skipParentheses() {
        if (!lexer.accept("(")) {
            return;
        }
        for (int open = 1; open > 0 && lexer.kind() != Kind.END; lexer.advance()) {
            open += lexer.is("(") ? 1 : lexer.is(")") ? -1 : 0;
        }
    }

    /**
     * Skips to behind the statement's semicolon, or to a brace that closes more than it opens.
     * Makes unknown what it assigns to.
     *
     * @return its last string
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
                scope.forget(last);
            }
            lexer.advance();
        }
        return text;
    }

    private static String shown(String message) {
        String line = message.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return line.length() > MAX_TEXT ? line.substring(0, MAX_TEXT) + "…" : line;
    }
}
