package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.cpp.SymbolTable;
import io.github.aoti4j.internal.indices.IndexChecks.Origin;
import io.github.aoti4j.internal.indices.IndexChecks.Unchecked;
import io.github.aoti4j.internal.indices.IndexRange.Range;
import io.github.aoti4j.internal.indices.IndexRange.Region;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Relates the checks in kernels to the model's inputs, by the calls of the kernels in {@code
 * run_impl}.
 *
 * <p>A range counts only for a call that each run makes, with an input that nothing has written to
 * before: otherwise values that the kernel never sees would be refused.
 */
final class KernelCalls {
    private static final String RUN = "AOTInductorModel::run_impl(";
    private static final int MAX_RANGES = 64;
    private static final int MAX_ARGUMENTS = 1000;

    /** In the expressions of one range. */
    private static final int MAX_NODES = 4000;

    private static final int LOOKBACK = 8;
    private static final Set<String> BEFORE_STATEMENT = Set.of("", ";", "{", "}");

    /** Beyond that, reading on to the end is cheaper than looking for it. */
    private static final int MAX_SEARCHES = 16;

    /** Methods of a tensor that leave its elements alone. */
    private static final Set<String> HARMLESS = Set.of("sizes", "strides", "reset");

    /** An argument of a call: a pointer to an input, to a constant or to neither, or a size. */
    private record Argument(int input, boolean isConstant, SizeExpression size) {
        static final Argument OTHER = new Argument(-1, false, null);
    }

    private final CppLexer lexer;
    private final SymbolTable symbols;
    private final ExpressionParser expressions;
    private final Map<String, List<KernelCheck>> kernels = new LinkedHashMap<>();
    private final Set<String> called = new HashSet<>();
    private final Set<String> constants = new HashSet<>();

    /** Inputs that something else than a kernel has seen, or that may have been written to. */
    private final Set<Integer> spoiled = new HashSet<>();

    private final Set<IndexRange> ranges = new LinkedHashSet<>();
    private final Set<Unchecked> unchecked = new LinkedHashSet<>();

    /** By open brace: whether what is in it is executed once in each run. */
    private final List<Boolean> braces = new ArrayList<>();

    /** How many of those are not, and statements that leave the function. */
    private int unclear;

    /** The tokens before the current one, in a ring; empty strings before the first. */
    private final String[] before = new String[LOOKBACK];

    private int latest;

    private KernelCalls(String body, SymbolTable symbols) {
        lexer = new CppLexer(body);
        this.symbols = symbols;
        expressions = new ExpressionParser(lexer, symbols);
        Arrays.fill(before, "");
    }

    /** Searches the text of a {@code .wrapper.cpp}. */
    static IndexChecks find(String source, List<KernelCheck> checks, SymbolTable symbols) {
        int run = source.lastIndexOf(RUN);
        String body = run < 0 ? "" : source.substring(run);
        var calls = new KernelCalls(body, symbols);
        for (KernelCheck check : checks) {
            calls.kernels.computeIfAbsent(check.kernel(), _ -> new ArrayList<>()).add(check);
        }
        return calls.find(calls.lastCall(body));
    }

    /** Where the last call of a kernel with checks is, or behind it. */
    private int lastCall(String body) {
        if (kernels.size() > MAX_SEARCHES) {
            return body.length();
        }
        return kernels.keySet().stream()
                .mapToInt(kernel -> body.lastIndexOf(kernel + "("))
                .max()
                .orElse(-1);
    }

    private IndexChecks find(int end) {
        while (lexer.kind() != Kind.END && !lexer.is("{")) {
            lexer.advance();
        }
        do {
            token();
        } while (lexer.kind() != Kind.END && !braces.isEmpty() && lexer.start() <= end);
        for (var kernel : kernels.entrySet()) {
            if (!called.contains(kernel.getKey())) {
                kernel.getValue().forEach(check -> leave(check, Origin.COMPUTED));
            }
        }
        return new IndexChecks(List.copyOf(ranges), List.copyOf(unchecked));
    }

    private void token() {
        String text = lexer.kind() == Kind.STRING ? "\"" : lexer.text();
        if (text.equals("{")) {
            boolean isPlain = BEFORE_STATEMENT.contains(before(1));
            braces.add(isPlain);
            unclear += isPlain ? 0 : 1;
        } else if (text.equals("}") && !braces.isEmpty()) {
            unclear -= braces.removeLast() ? 0 : 1;
        }
        boolean isName = lexer.kind() == Kind.IDENTIFIER;
        lexer.advance();
        if (isName) {
            name(text);
        }
        latest = (latest + 1) % LOOKBACK;
        before[latest] = text;
    }

    /** The token at this distance before the current one. */
    private String before(int distance) {
        return before[(latest + LOOKBACK + 1 - distance) % LOOKBACK];
    }

    /** The lexer is behind the name, {@link #before} before it. */
    private void name(String name) {
        int input = symbols.inputOf(name);
        if (kernels.containsKey(name) && lexer.is("(")) {
            // Called through an object in some versions.
            boolean isQualified = before(1).equals(".") && before(2).equals("kernels");
            call(name, BEFORE_STATEMENT.contains(before(isQualified ? 3 : 1)) && unclear == 0);
        } else if (input >= 0) {
            if (!isHarmless()) {
                spoiled.add(input);
            }
        } else if (name.equals("constants_")) {
            // auto& weight = constants_->at(0);
            if (before(1).equals("=") && before(3).equals("&")) {
                constants.add(before(2));
            }
        } else if (name.equals("return") || name.equals("goto") || name.equals("throw")) {
            unclear++;
        }
    }

    /** Whether what is done with an input leaves its elements alone. */
    private boolean isHarmless() {
        if (lexer.is("=")) {
            return before(1).equals("auto");
        }
        if (lexer.is(",")) {
            return before(1).equals("(") && before(2).equals("assert_size_stride");
        }
        String method = lexer.accept(".") ? lexer.acceptIdentifier() : null;
        if (method == null) {
            return false;
        }
        // (const int64_t*)(arg0_1.data_ptr())
        return HARMLESS.contains(method)
                || (method.equals("data_ptr")
                        && before(1).equals("(")
                        && before(2).equals(")")
                        && before(3).equals("*")
                        && before(5).equals("const"));
    }

    private void call(String kernel, boolean isCertain) {
        called.add(kernel);
        List<Argument> arguments = arguments();
        for (KernelCheck check : kernels.get(kernel)) {
            int source = check.source();
            Argument pointer =
                    source >= 0 && source < arguments.size()
                            ? arguments.get(source)
                            : Argument.OTHER;
            IndexRange index = check.index().orElse(null);
            boolean isRead =
                    index != null
                            && !arguments.isEmpty()
                            && (index.input() < 0
                                    || (pointer.input >= 0 && !spoiled.contains(pointer.input)));
            IndexRange range =
                    isRead && isCertain ? new Binding(arguments).range(pointer.input, index) : null;
            if (range != null && (ranges.size() < MAX_RANGES || ranges.contains(range))) {
                ranges.add(range);
            } else {
                leave(check, pointer.isConstant ? Origin.CONSTANT : Origin.COMPUTED);
            }
        }
    }

    private void leave(KernelCheck check, Origin origin) {
        unchecked.add(new Unchecked(check.kernel(), check.text(), check.isParallel(), origin));
    }

    /** {@code ((const int64_t*)(arg0_1.data_ptr()), s0)}; empty for anything else. */
    private List<Argument> arguments() {
        lexer.accept("(");
        List<Argument> arguments = new ArrayList<>();
        while (arguments.size() < MAX_ARGUMENTS) {
            arguments.add(argument());
            if (lexer.accept(")")) {
                return arguments;
            }
            if (!lexer.accept(",")) {
                return List.of();
            }
        }
        return List.of();
    }

    private Argument argument() {
        int start = lexer.start();
        try {
            return pointer();
        } catch (NotUnderstood _) {
            lexer.reset(start);
            return new Argument(-1, false, expressions.parse());
        }
    }

    /** {@code (const int64_t*)(arg0_1.data_ptr())}. */
    private Argument pointer() throws NotUnderstood {
        lexer.expect("(");
        boolean isConst = lexer.accept("const");
        lexer.expectIdentifier();
        lexer.expect("*", ")", "(");
        String name = lexer.expectIdentifier();
        int input = symbols.inputOf(name);
        boolean isWhole = lexer.acceptAll(".", "data_ptr", "(", ")", ")");
        if (input >= 0 && !(isConst && isWhole)) {
            spoiled.add(input);
        }
        if (!isWhole) {
            throw new NotUnderstood();
        }
        return new Argument(input, input < 0 && constants.contains(name), null);
    }

    /** Replaces a kernel's parameters by the arguments of a call. */
    private static final class Binding {
        private final List<Argument> arguments;
        private int nodes;

        Binding(List<Argument> arguments) {
            this.arguments = arguments;
        }

        /** Null if an argument is not known. */
        IndexRange range(int input, IndexRange index) {
            try {
                var range = new Range(bind(index.range().min()), bind(index.range().max()));
                var place = index.place();
                var offset = bind(place.offset());
                List<KernelLoop> loops = new ArrayList<>();
                List<SizeExpression> steps = new ArrayList<>();
                for (int i = 0; i < place.loops().size(); i++) {
                    var loop = bind(place.loops().get(i));
                    var step = bind(place.steps().get(i));
                    if (!KernelValue.isZero(step) || !loop.isNeverEmpty()) {
                        loops.add(loop);
                        steps.add(step);
                    }
                }
                return new IndexRange(input, index.type(), range, new Region(offset, steps, loops));
            } catch (NotUnderstood _) {
                return null;
            }
        }

        /** Without its variable, so that equal loops are equal. */
        private KernelLoop bind(KernelLoop loop) throws NotUnderstood {
            return new KernelLoop(
                    null,
                    bind(loop.start()),
                    bind(loop.end()),
                    loop.step(),
                    bind(loop.from()),
                    bind(loop.to()));
        }

        private SizeExpression bind(SizeExpression expression) throws NotUnderstood {
            if (expression == null) {
                return null;
            }
            add(1);
            return switch (expression) {
                case Symbol(var _, int parameter) -> argument(parameter);
                case Unary(var function, var operand) -> new Unary(function, bind(operand));
                case Binary(var operator, var left, var right) ->
                        new Binary(operator, bind(left), bind(right));
                default -> expression;
            };
        }

        private SizeExpression argument(int parameter) throws NotUnderstood {
            var size = parameter < arguments.size() ? arguments.get(parameter).size : null;
            if (size == null || !size.isInteger()) {
                throw new NotUnderstood();
            }
            add(MAX_NODES - Affine.rest(size, MAX_NODES));
            return size;
        }

        private void add(int count) throws NotUnderstood {
            nodes += count;
            if (nodes > MAX_NODES) {
                throw new NotUnderstood();
            }
        }
    }
}
