package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Follows the tensors that {@code run_impl} of a wrapper source makes and drops, to estimate what
 * one run takes at most: those of {@code aoti_torch_empty_strided}, and results of operators whose
 * sizes are asserted, for which the element type of the operator's first argument is assumed.
 *
 * <p>Both branches of a condition count one after the other, a loop's body once. What operators
 * take for themselves does not count, nor do those of their results that the model does not use.
 */
public final class RunBuffers {
    private static final String START = "::run_impl(";
    private static final String END = "} // AOTInductorModel::run_impl";
    private static final String EMPTY = "aoti_torch_empty_strided";
    private static final String VIEW = "reinterpret_tensor_wrapper";
    static final String DTYPE = "torch_dtype_";
    private static final String HANDLE = "_handle";
    private static final String FUNCTION = "aoti_torch_";

    /** Functions whose results take no memory. */
    private static final Set<String> SHARING =
            Set.of(
                    "aoti_torch__alloc_from_pool",
                    "aoti_torch__reinterpret_tensor",
                    "aoti_torch_as_strided",
                    "aoti_torch_assign_tensors_out",
                    "aoti_torch_new_tensor_handle",
                    "aoti_torch_view_dtype");

    /**
     * What one run takes, in bytes, at the largest sizes of its inputs.
     *
     * @param peak the most that its tensors have at a time, inputs left out and outputs included
     * @param outputs its outputs that are no inputs and no constants
     */
    public record Bytes(long peak, long outputs) {}

    private record Tensor(DType dtype, long bytes) {}

    /** A result of the call that begins there in the source. */
    private record Result(DType dtype, int call) {}

    private final CppLexer lexer;
    private final ExpressionParser expressions;
    private final long[] sizes;

    /** Sizes and strides at the largest inputs; null for those that are not known. */
    private final Map<String, long[]> arrays = new HashMap<>();

    private final Map<String, DType> dtypes = new HashMap<>();
    private final Map<String, Tensor> live = new HashMap<>();

    /** Whose memory a view looks at. */
    private final Map<String, String> views = new HashMap<>();

    private final Set<String> returned = new HashSet<>();

    /** Results of operators whose sizes have not been asserted. */
    private final Map<String, Result> pending = new HashMap<>();

    /** The calls of which a result's sizes have been asserted: others of theirs are not used. */
    private final Set<Integer> asserted = new HashSet<>();

    /** The element type of the first argument in the current statement; null if there is none. */
    private DType argument;

    /** The first function that the current statement calls. */
    private String function = "";

    /** Where it stands. */
    private int call;

    private long now;
    private long peak;
    private long outputs;

    private RunBuffers(String body, WrapperSource source, long[] sizes) {
        Map<String, Symbol> symbols = new HashMap<>();
        source.symbols().forEach(s -> symbols.put(s.name(), new Symbol(s.name(), s.slot())));
        this.lexer = new CppLexer(body);
        this.expressions = new ExpressionParser(lexer, symbols::get);
        this.sizes = sizes;
        source.inputs()
                .forEach(input -> input.dtype().ifPresent(type -> dtypes.put(input.name(), type)));
    }

    /**
     * Estimates a run.
     *
     * @param wrapper the text of the {@code .wrapper.cpp}
     * @param source the same, read
     * @return null if a size is not known before a run, or a size of an input has no bound
     */
    public static Bytes of(String wrapper, WrapperSource source) {
        String body = body(wrapper);
        long[] sizes = new LargestSizes(source).values();
        return body.isEmpty() || sizes == null
                ? null
                : new RunBuffers(body, source, sizes).follow();
    }

    /** Returns the text of {@code run_impl}; an empty one if there is none. */
    static String body(String wrapper) {
        int start = wrapper.lastIndexOf(START);
        if (start < 0) {
            return "";
        }
        int end = wrapper.indexOf(END, start);
        return wrapper.substring(start, end < 0 ? wrapper.length() : end);
    }

    private Bytes follow() {
        try {
            while (lexer.kind() != Kind.END) {
                String word = lexer.acceptIdentifier();
                if (word != null) {
                    word(word);
                } else if (lexer.accept("&")) {
                    result(lexer.acceptIdentifier());
                } else {
                    if (lexer.is(";")) {
                        argument = null;
                        function = "";
                    }
                    lexer.advance();
                }
            }
            pending.values().removeIf(result -> asserted.contains(result.call));
            return pending.isEmpty() ? new Bytes(peak, outputs) : null;
        } catch (NotUnderstood | ArithmeticException e) {
            return null;
        }
    }

    private void word(String word) throws NotUnderstood {
        if (argument == null) {
            argument = dtypes.get(word);
        }
        if (function.isEmpty() && word.startsWith(FUNCTION)) {
            function = word;
            call = lexer.start();
        }
        switch (word) {
            case "int64_t" -> array();
            case EMPTY -> empty();
            case "assert_size_stride" -> asserted();
            default -> use(word);
        }
    }

    /** {@code int64_t int_array_0[] = {s77, 12L};}, or a pointer to nothing. */
    private void array() {
        boolean pointer = lexer.accept("*");
        String name = lexer.acceptIdentifier();
        if (pointer && lexer.acceptAll("=", "nullptr")) {
            arrays.put(name, new long[0]);
        } else if (name != null && lexer.acceptAll("[", "]", "=")) {
            arrays.put(name, values(expressions.parseList(Shapes.MAX_RANK)));
        }
    }

    /** {@code aoti_torch_empty_strided(2, int_array_0, int_array_1, DTYPE, …, &buf0_handle)}. */
    private void empty() throws NotUnderstood {
        lexer.expect("(");
        lexer.expectInteger();
        lexer.expect(",");
        long[] shape = arrays.get(lexer.expectIdentifier());
        lexer.expect(",");
        long[] strides = arrays.get(lexer.expectIdentifier());
        lexer.expect(",");
        DType dtype =
                ConstantBuilder.suffix(lexer, DTYPE)
                        .flatMap(DType::ofTorchName)
                        .orElseThrow(NotUnderstood::new);
        while (!lexer.is(";") && lexer.kind() != Kind.END) {
            if (lexer.accept("&")) {
                add(buffer(lexer.expectIdentifier()), dtype, shape, strides);
                return;
            }
            lexer.advance();
        }
        throw new NotUnderstood();
    }

    /** Returns {@code buf0} for {@code buf0_handle}. */
    static String buffer(String handle) {
        return handle.endsWith(HANDLE)
                ? handle.substring(0, handle.length() - HANDLE.length())
                : handle;
    }

    private void add(String name, DType dtype, long[] shape, long[] strides) throws NotUnderstood {
        if (shape == null || strides == null) {
            throw new NotUnderstood();
        }
        long bytes;
        try {
            bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        } catch (InvalidInputException e) {
            bytes = Sizes.MOST;
        }
        drop(name);
        dtypes.put(name, dtype);
        live.put(name, new Tensor(dtype, bytes));
        now = Sizes.add(now, bytes);
        peak = Math.max(peak, now);
    }

    /** Returns null if one is not known. */
    private long[] values(List<SizeExpression> list) {
        if (list == null || !list.stream().allMatch(SizeExpression::isInteger)) {
            return null;
        }
        return list.stream().mapToLong(size -> size.toLong(sizes)).toArray();
    }

    private void drop(String name) {
        Tensor tensor = live.remove(name);
        if (tensor != null) {
            now = Math.max(now - tensor.bytes, 0);
        }
    }

    /** {@code assert_size_stride(buf1, {8L, 12L}, {12L, 1L}, "op")}: what an operator returned. */
    private void asserted() throws NotUnderstood {
        lexer.expect("(");
        String name = lexer.expectIdentifier();
        Result result = pending.remove(name);
        if (result != null) {
            asserted.add(result.call);
            lexer.expect(",");
            long[] shape = values(expressions.parseList(Shapes.MAX_RANK));
            lexer.expect(",");
            add(name, result.dtype, shape, values(expressions.parseList(Shapes.MAX_RANK)));
        }
    }

    /** {@code buf1.reset();}, {@code output_handles[0] = buf1.release();}, or an assignment. */
    private void use(String name) {
        if (lexer.accept(".")) {
            String method = lexer.acceptIdentifier();
            if ("reset".equals(method)) {
                drop(name);
            } else if ("release".equals(method)) {
                returned(views.getOrDefault(name, name));
            }
        } else if (lexer.accept("=")) {
            assigned(name);
        }
    }

    private void returned(String name) {
        if (live.containsKey(name) && returned.add(name)) {
            outputs = Sizes.add(outputs, live.get(name).bytes);
        }
    }

    private void assigned(String name) {
        if (lexer.acceptAll("wrap_with_raii_handle_if_needed", "(", VIEW, "(")) {
            String base = lexer.acceptIdentifier();
            views.put(name, views.getOrDefault(base, base));
        } else if (lexer.acceptAll("std", "::", "move", "(")) {
            String from = lexer.acceptIdentifier();
            Tensor tensor = from == null ? null : live.remove(from);
            if (tensor != null) {
                drop(name);
                live.put(name, tensor);
                dtypes.put(name, tensor.dtype);
            }
        }
    }

    /** {@code f(buf0, …, &buf1_handle)}: a tensor whose sizes are asserted later. */
    private void result(String handle) throws NotUnderstood {
        if ("output_handles".equals(handle)) {
            // A copy of a constant, say.
            throw new NotUnderstood();
        }
        if (handle != null && handle.endsWith(HANDLE) && !SHARING.contains(function)) {
            pending.put(buffer(handle), new Result(NotUnderstood.unlessNull(argument), call));
        }
    }
}
