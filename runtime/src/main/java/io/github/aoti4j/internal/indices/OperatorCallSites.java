package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppTokens;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the calls that a wrapper source makes through the proxy executor, and what it says of their
 * arguments and results ({@code torch/_inductor/codegen/cpp_wrapper_cpu.py}).
 *
 * <p>Sizes and strides stand in {@code assert_size_stride(buf1, {s77, 12L}, {12L, 1L}, "op")},
 * which PyTorch writes since 2.13 and which the model evaluates only if it checks its inputs by
 * itself. The element type stands in the casts before kernels: {@code (const
 * float*)(buf1.data_ptr())}.
 *
 * <p>Variables that share memory ({@code auto buf2 = std::move(buf1);}) have one element type. A
 * tensor that a function of libtorch makes of another one may have the element type of that.
 */
public final class OperatorCallSites {
    private static final String CALL = "aoti_torch_proxy_executor_call_function";
    private static final String SHARES = "aoti_torch_assign_tensors_out";
    private static final String EMPTY = "aoti_torch_empty_strided";
    private static final String VIEW = "reinterpret_tensor_wrapper";
    private static final String HANDLE = "_handle";
    private static final int MAX_ARGUMENTS = 10_000;
    private static final int MAX_NESTING = 8;

    private static final Set<String> BEFORE_LIST = Set.of("(", ",", "=", ">", "{");

    /** Functions that pass a tensor on, or look at nothing of it. */
    private static final Set<String> PASSING =
            Set.of("wrap_with_raii_handle_if_needed", VIEW, "move");

    private static final Set<String> NEUTRAL =
            Set.of("assert_size_stride", "if", "while", "for", "return", "RAIIAtenTensorHandle");

    private static final Set<String> NEUTRAL_METHODS =
            Set.of("size", "sizes", "stride", "strides", "numel", "reset", "release", "get");

    private final CppLexer lexer;
    private final ExpressionParser expressions;
    private final CppTokens tokens;

    /** Where in the source to go on: lists of sizes are not looked through for uses. */
    private int resume;

    private final Map<Integer, OperatorCallSite> found = new HashMap<>();

    /** What the current function has. */
    private final Map<String, TensorVariable> variables = new LinkedHashMap<>();

    private final Map<String, List<SizeExpression>> arrays = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();

    /** By the bracket of a call: what stands for its arguments and makes its results. */
    private final Map<Integer, TensorVariable> flows = new HashMap<>();

    /** A call before all uses of its results have been seen. */
    private record Call(int node, List<SizeExpression> integers, List<TensorVariable> tensors) {}

    private OperatorCallSites(String source, List<SizeSymbol> symbols) {
        Map<String, Symbol> known = new HashMap<>();
        for (SizeSymbol symbol : symbols) {
            known.put(symbol.name(), new Symbol(symbol.name(), symbol.slot()));
        }
        lexer = new CppLexer(source);
        // Every name may be a symbol; one that is none equals no size.
        expressions =
                new ExpressionParser(
                        lexer,
                        name ->
                                known.containsKey(name)
                                        ? known.get(name)
                                        : new Symbol(name, OperatorCallSite.FREE));
        tokens = new CppTokens(lexer);
    }

    /**
     * Searches the text of a {@code .wrapper.cpp}.
     *
     * @param symbols those of the inputs' sizes and strides
     * @return the calls, by the number of the node; empty ones where several of a node differ
     */
    public static Map<Integer, OperatorCallSite> find(String source, List<SizeSymbol> symbols) {
        int first = source.indexOf(CALL);
        if (first < 0) {
            return Map.of();
        }
        // Functions that call nothing need not be read.
        int start =
                Math.max(
                        source.lastIndexOf("::_const_run_impl(", first),
                        source.lastIndexOf("::run_impl(", first));
        return new OperatorCallSites(source.substring(Math.max(start, 0)), symbols).find();
    }

    private Map<Integer, OperatorCallSite> find() {
        int statement = 0;
        for (int i = 0; i < tokens.count(); i++) {
            if (tokens.start(i) < resume) {
                continue;
            }
            switch (tokens.get(i)) {
                case "run_impl", "_const_run_impl" -> endFunction();
                case ";" -> statement = i + 1;
                case "{" -> statement = isBlock(i) ? i + 1 : statement;
                case "}" -> statement = isBlock(tokens.around(i)) ? i + 1 : statement;
                case "assert_size_stride" -> assertion(i);
                case "int64_t" -> array(i);
                case CALL -> call(i);
                default -> {
                    if (tokens.isIdentifier(i)) {
                        use(i, statement);
                    }
                }
            }
        }
        endFunction();
        return Map.copyOf(found);
    }

    /** Whether a brace holds statements and is not that of a list. */
    private boolean isBlock(int brace) {
        return !BEFORE_LIST.contains(tokens.get(brace - 1));
    }

    /** {@code assert_size_stride(buf1, {s77, 12L}, {12L, 1L}, "op")}. */
    private void assertion(int at) {
        if (!tokens.is(at + 1, "(") || !tokens.isIdentifier(at + 2) || !tokens.is(at + 3, ",")) {
            return;
        }
        List<SizeExpression> sizes = list(at + 4, Shapes.MAX_RANK);
        if (sizes == null || !lexer.accept(",")) {
            return;
        }
        List<SizeExpression> strides = expressions.parseList(Shapes.MAX_RANK);
        resume = lexer.start();
        if (strides != null && strides.size() == sizes.size()) {
            variable(tokens.get(at + 2)).layout(sizes, strides);
        }
    }

    /** {@code const int64_t int_array_0[] = {s77, 12L};}, or a pointer to nothing. */
    private void array(int at) {
        if (tokens.is(at + 1, "*") && tokens.is(at + 4, "nullptr")) {
            arrays.put(tokens.get(at + 2), List.of());
        } else if (tokens.is(at + 2, "[") && tokens.is(at + 4, "=")) {
            arrays.put(tokens.get(at + 1), list(at + 5, Shapes.MAX_RANK));
        }
    }

    private List<SizeExpression> list(int at, int limit) {
        if (!tokens.is(at, "{")) {
            return null;
        }
        lexer.reset(tokens.start(at));
        List<SizeExpression> list = expressions.parseList(limit);
        resume = lexer.start();
        return list;
    }

    /**
     * {@code call(proxy_executor, 0, 1, std::array<int64_t, 1>{s77}.data(), 2,
     * std::array<AtenTensorHandle, 2>{arg0_1, buf1}.data())}.
     */
    private void call(int at) {
        int open = at + 1;
        Long node = tokens.is(open, "(") ? CppLexer.integer(tokens.get(open + 3)) : null;
        if (node == null || node > Integer.MAX_VALUE) {
            return;
        }
        int first = brace(open + 1, open);
        int second = first < 0 ? -1 : brace(tokens.closing(first), open);
        List<SizeExpression> integers = second < 0 ? null : list(first, MAX_ARGUMENTS);
        calls.add(
                new Call(
                        node.intValue(),
                        integers == null ? List.of() : integers,
                        second < 0 ? List.of() : passed(second)));
    }

    /** The next brace that stands in a bracket; -1 if there is none. */
    private int brace(int from, int open) {
        int end = Math.min(tokens.closing(open), from + MAX_ARGUMENTS);
        for (int i = from; i < end; i++) {
            if (tokens.is(i, "{") && tokens.around(i) == open) {
                return i;
            }
        }
        return -1;
    }

    private List<TensorVariable> passed(int brace) {
        List<TensorVariable> result = new ArrayList<>();
        int end = tokens.closing(brace);
        if (end - brace > 16 * MAX_ARGUMENTS) {
            return List.of();
        }
        int from = brace + 1;
        for (int i = from; i <= end; i++) {
            if (i == end || (tokens.is(i, ",") && tokens.around(i) == brace)) {
                if (i > from) {
                    result.add(passed(from, i));
                }
                from = i + 1;
            }
        }
        return result;
    }

    /** A variable, or a view that is made for the call. */
    private TensorVariable passed(int from, int to) {
        if (to == from + 1) {
            return variable(tokens.get(from));
        }
        TensorVariable view = new TensorVariable();
        for (int i = from; i < to; i++) {
            if (tokens.is(i, VIEW)) {
                layout(view, i + 6);
            }
        }
        return view;
    }

    /** Any other identifier. */
    private void use(int at, int statement) {
        if (tokens.is(at - 1, "&") && tokens.get(at).endsWith(HANDLE)) {
            made(at);
            return;
        }
        switch (tokens.get(at + 1)) {
            case "." -> method(at);
            case ",", ")", "}" -> argument(at, statement);
            default -> {}
        }
    }

    /** {@code aoti_torch_empty_strided(2, int_array_0, int_array_1, …, &buf2_handle)}. */
    private void made(int at) {
        int open = tokens.around(at);
        String name = tokens.get(at);
        TensorVariable result = variable(name.substring(0, name.length() - HANDLE.length()));
        switch (tokens.get(open - 1)) {
            case EMPTY -> layout(result, open + 3);
            case SHARES -> result.sameAs(flow(open));
            default -> result.madeFrom(flow(open));
        }
    }

    /** What leads from a call's arguments to what it makes. */
    private TensorVariable flow(int open) {
        return flows.computeIfAbsent(open, _ -> new TensorVariable());
    }

    /** {@code (const float*)(buf1.data_ptr())}, {@code buf1.reset()}, {@code buf1.size(0)}. */
    private void method(int at) {
        String method = tokens.get(at + 2);
        if (!tokens.is(at + 3, "(")) {
            return;
        }
        TensorVariable variable = variable(tokens.get(at));
        if (method.equals("data_ptr")) {
            variable.readAs(castBefore(at));
        } else if (!NEUTRAL_METHODS.contains(method)) {
            variable.readSomehow();
        } else if (method.equals("size") && tokens.is(at - 1, "=")) {
            // auto u0 = buf1.size(0);
            Long dimension = CppLexer.integer(tokens.get(at + 4));
            if (dimension != null && dimension < Shapes.MAX_RANK && tokens.is(at + 6, ";")) {
                variable.sizeName(dimension.intValue(), tokens.get(at - 2));
            }
        }
    }

    /** The type of elements in {@code (const float*)(} before a token; empty if there is none. */
    private String castBefore(int at) {
        int open = tokens.around(at - 2);
        if (!tokens.is(at - 1, "(")
                || !tokens.is(at - 2, ")")
                || !tokens.is(at - 3, "*")
                || open < 0) {
            return "";
        }
        int from = tokens.is(open + 1, "const") ? open + 2 : open + 1;
        // The longest name of a type has six tokens.
        return from < at - 3 && at - from < 10 ? tokens.joined(from, at - 3) : "";
    }

    private void argument(int at, int statement) {
        TensorVariable variable = variable(tokens.get(at));
        boolean isView = false;
        int open = tokens.around(at);
        for (int i = 0; i < MAX_NESTING && open >= 0 && isPassing(open); i++) {
            boolean isMove = tokens.is(open - 1, "move");
            isView |= tokens.is(open - 1, VIEW);
            if (open == at - 1 && isMove) {
                // A buffer that is used again with other sizes is viewed.
                assigned(statement).ifPresent(name -> variable(name).sameAs(variable));
            } else if (open == at - 1 && isView) {
                // reinterpret_tensor_wrapper(buf1, 2, int_array_0, int_array_1, 0L)
                assigned(statement).ifPresent(name -> view(variable, variable(name), at + 4));
            }
            open = tokens.around(open);
        }
        if (isView) {
            variable.used();
        }
        String function = open < 0 ? "" : tokens.get(open - 1);
        if (function.equals(CALL) || NEUTRAL.contains(function)) {
            return; // an operator looks at its arguments, and its results are checked
        }
        if (function.equals(SHARES)) {
            flow(open).sameAs(variable);
        } else if (function.startsWith("aoti_torch_")) {
            variable.used();
            flow(open).madeFrom(variable);
        } else if (open >= 0 && !tokens.is(open, "{") && !isDeclaration(open)) {
            variable.readSomehow();
        }
    }

    private void view(TensorVariable of, TensorVariable view, int layout) {
        view.shareWith(of);
        layout(view, layout);
    }

    /** Sizes and strides by the names of two arrays. */
    private void layout(TensorVariable tensor, int at) {
        tensor.layout(arrays.get(tokens.get(at)), arrays.get(tokens.get(at + 2)));
    }

    private boolean isPassing(int open) {
        return tokens.is(open, "{") || PASSING.contains(tokens.get(open - 1));
    }

    /** {@code auto buf2 = …}, or {@code buf2 = …}. */
    private Optional<String> assigned(int statement) {
        int name = tokens.is(statement, "auto") ? statement + 1 : statement;
        return tokens.isIdentifier(name) && tokens.is(name + 1, "=")
                ? Optional.of(tokens.get(name))
                : Optional.empty();
    }

    /** {@code RAIIAtenTensorHandle buf1(buf1_handle);}. */
    private boolean isDeclaration(int open) {
        return tokens.is(open - 2, "RAIIAtenTensorHandle");
    }

    private void endFunction() {
        List<TensorVariable> all = new ArrayList<>(variables.values());
        all.addAll(flows.values());
        Set<TensorVariable> read = TensorVariable.read(all);
        for (Call call : calls) {
            var site =
                    new OperatorCallSite(
                            call.node,
                            call.integers,
                            call.tensors.stream().map(tensor -> tensor.passed(read)).toList());
            OperatorCallSite before = found.putIfAbsent(call.node, site);
            if (before != null && !before.equals(site)) {
                found.put(call.node, new OperatorCallSite(call.node, List.of(), List.of()));
            }
        }
        calls.clear();
        variables.clear();
        arrays.clear();
        flows.clear();
    }

    private TensorVariable variable(String name) {
        return variables.computeIfAbsent(name, _ -> new TensorVariable());
    }
}
