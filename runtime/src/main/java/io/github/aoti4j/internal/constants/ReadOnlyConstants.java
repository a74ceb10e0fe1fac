package io.github.aoti4j.internal.constants;

import io.github.aoti4j.internal.cpp.CppLexer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the constants of a model that it only reads, so that models can share the memory of them.
 *
 * <p>A model may write into its constants (a buffer that counts, or a parameter that is changed in
 * place), make a view of one and write through that, or return one to a caller who writes. The
 * source shows each use ({@code torch/_inductor/codegen/cpp_wrapper_cpu.py}). A constant counts as
 * read only if all its uses are of a kind that is known to do nothing but read: a pointer to const
 * that is handed to a kernel, or an argument of one of a few functions.
 */
public final class ReadOnlyConstants {
    private static final String CONSTANTS = "constants_";

    /**
     * Functions of libtorch that neither write to arguments nor return views of them, from which
     * argument on. Those before are what they write to.
     */
    private static final Map<String, Integer> READERS =
            Map.of(
                    "aoti_torch_clone", 0,
                    "aoti_torch_cpu_mm_out", 1,
                    "aoti_torch_cpu_bmm_out", 1,
                    "aoti_torch_cpu_addmm_out", 1,
                    "aoti_torch_cpu_baddbmm_out", 1,
                    "aoti_torch_cpu_convolution", 0,
                    "aoti_torch_cpu__mkl_linear", 0,
                    "aoti_torch_cpu_mkldnn__linear_pointwise", 0,
                    "aoti_torch_cpu_mkldnn__convolution_pointwise", 0);

    private final List<String> tokens = new ArrayList<>();

    /** By token: the bracket that it stands in, or -1. */
    private final int[] brackets;

    /** By token: how many of the commas between those brackets are before it. */
    private final int[] commas;

    /** By the name of the variable that stands for it; the index of one is -1 if two have it. */
    private final Map<String, Integer> indices = new HashMap<>();

    private final Set<Integer> declarations = new HashSet<>();
    private final Set<Integer> other = new HashSet<>();

    private ReadOnlyConstants(String source) {
        var lexer = new CppLexer(source);
        for (; lexer.kind() != CppLexer.Kind.END; lexer.advance()) {
            tokens.add(lexer.text());
        }
        brackets = new int[tokens.size()];
        commas = new int[tokens.size()];
        nest();
    }

    /**
     * Returns the indices of constants that are only read; others may be too.
     *
     * @param source the text of the {@code .wrapper.cpp}
     */
    public static Set<Integer> find(String source) {
        // Nothing before can reach a constant.
        int first = source.indexOf(CONSTANTS + "->");
        if (first < 0) {
            return Set.of();
        }
        int line = source.lastIndexOf('\n', first) + 1;
        return new ReadOnlyConstants(source.substring(line)).find();
    }

    private Set<Integer> find() {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).equals(CONSTANTS) && !takeConstant(i)) {
                return Set.of();
            }
        }
        for (int i = 0; i < tokens.size(); i++) {
            Integer index = indices.get(tokens.get(i));
            if (index != null && !declarations.contains(i) && !isRead(i)) {
                other.add(index);
            }
        }
        var readOnly = new HashSet<>(indices.values());
        readOnly.removeAll(other);
        readOnly.remove(-1);
        return Set.copyOf(readOnly);
    }

    /**
     * {@code constants_->at(N)}: a declaration, or a use that is not known; false if it is else.
     */
    private boolean takeConstant(int at) {
        if (!follows(at + 1, "-", ">", "at", "(")) {
            return false;
        }
        Long index = CppLexer.integer(token(at + 5));
        if (index == null || !token(at + 6).equals(")")) {
            return false;
        }
        if (token(at - 1).equals("=")
                && token(at - 3).equals("&")
                && token(at - 4).equals("auto")
                && token(at + 7).equals(";")) {
            String name = token(at - 2);
            declarations.add(at - 2);
            Integer before = indices.putIfAbsent(name, index.intValue());
            if (before != null && before != index.intValue()) {
                other.add(before);
                other.add(index.intValue());
                indices.put(name, -1);
            }
        } else {
            other.add(index.intValue());
        }
        return true;
    }

    private boolean isRead(int at) {
        return isConstPointer(at) || isReaderArgument(at);
    }

    /** {@code (const float*)(NAME.data_ptr())}. */
    private boolean isConstPointer(int at) {
        if (!follows(at + 1, ".", "data_ptr", "(", ")", ")") || !follows(at - 3, "*", ")", "(")) {
            return false;
        }
        int open = at - 4;
        while (open >= 0 && !"(),;*".contains(tokens.get(open))) {
            open--;
        }
        return token(open).equals("(") && token(open + 1).equals("const");
    }

    /** {@code f(…, NAME, …)}, or a view of it made for that call. */
    private boolean isReaderArgument(int at) {
        if (!token(at + 1).equals(",") && !token(at + 1).equals(")")) {
            return false;
        }
        var call = enclosing(at);
        if (call != null && call.is("reinterpret_tensor_wrapper", 0)) {
            call = enclosing(call.at);
            if (call == null || !call.is("wrap_with_raii_handle_if_needed", 0)) {
                return false;
            }
            call = enclosing(call.at);
        }
        return call != null
                && READERS.containsKey(call.function)
                && call.argument >= READERS.get(call.function);
    }

    /** A call of the function that stands at a token, and which of its arguments was looked at. */
    private record Call(String function, int at, int argument) {
        boolean is(String name, int position) {
            return function.equals(name) && argument == position;
        }
    }

    /** The call that has a token directly among its arguments, as the start of one; or null. */
    private Call enclosing(int at) {
        if (!token(at - 1).equals("(") && !token(at - 1).equals(",")) {
            return null;
        }
        int open = brackets[at];
        return token(open).equals("(") ? new Call(token(open - 1), open - 1, commas[at]) : null;
    }

    /** Finds the brackets that the tokens stand in; a statement's end is the end of all. */
    private void nest() {
        int[] open = new int[tokens.size()];
        int[] passed = new int[tokens.size()];
        int depth = 0;
        for (int i = 0; i < tokens.size(); i++) {
            brackets[i] = depth == 0 ? -1 : open[depth - 1];
            commas[i] = depth == 0 ? 0 : passed[depth - 1];
            switch (tokens.get(i)) {
                case "(", "[", "{" -> {
                    open[depth] = i;
                    passed[depth++] = 0;
                }
                case ")", "]", "}" -> depth = Math.max(depth - 1, 0);
                case "," -> passed[Math.max(depth - 1, 0)]++;
                case ";" -> depth = 0;
                default -> {}
            }
        }
    }

    private boolean follows(int at, String... expected) {
        for (int i = 0; i < expected.length; i++) {
            if (!token(at + i).equals(expected[i])) {
                return false;
            }
        }
        return true;
    }

    private String token(int at) {
        return at < 0 || at >= tokens.size() ? "" : tokens.get(at);
    }
}
