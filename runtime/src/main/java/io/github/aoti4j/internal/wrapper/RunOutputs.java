package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds dtypes and sizes of a model's outputs, by following the tensors that {@code run_impl} of a
 * wrapper source makes, renames, views and returns. A statement that is not recognised is passed
 * over; a tensor that it makes is not known.
 */
public final class RunOutputs {
    private static final String EMPTY = "aoti_torch_empty_strided";
    private static final String VIEW = "reinterpret_tensor_wrapper";
    private static final String WRAP = "wrap_with_raii_handle_if_needed";
    private static final String HANDLE = "_handle";

    private final CppLexer lexer;
    private final ExpressionParser expressions;
    private final Map<String, List<SizeExpression>> arrays = new HashMap<>();
    private final Map<String, OutputSpec> tensors = new HashMap<>();
    private final List<OutputSpec> outputs;

    private RunOutputs(String body, WrapperSource source) {
        Map<String, Symbol> symbols = new HashMap<>();
        source.symbols().forEach(s -> symbols.put(s.name(), new Symbol(s.name(), s.slot())));
        this.lexer = new CppLexer(body);
        this.expressions = new ExpressionParser(lexer, symbols::get);
        this.outputs =
                new ArrayList<>(Collections.nCopies(source.outputCount(), OutputSpec.UNKNOWN));
        source.inputs().forEach(input -> tensors.put(input.name(), of(input)));
    }

    private static OutputSpec of(InputSpec input) {
        return new OutputSpec(
                input.dtype(),
                input.rankKnown()
                        ? Optional.of(input.dimensions().stream().map(DimensionSpec::size).toList())
                        : Optional.empty());
    }

    /**
     * Describes the outputs.
     *
     * @param wrapper the text of the {@code .wrapper.cpp}
     * @param source the same, read
     * @return one for each output
     */
    public static List<OutputSpec> of(String wrapper, WrapperSource source) {
        return new RunOutputs(RunBuffers.body(wrapper), source).follow();
    }

    private List<OutputSpec> follow() {
        while (lexer.kind() != Kind.END) {
            try {
                String word = lexer.acceptIdentifier();
                if (word != null) {
                    word(word);
                } else if (lexer.accept("&")) {
                    made(lexer.acceptIdentifier());
                } else {
                    lexer.advance();
                }
            } catch (NotUnderstood _) {
                // Another statement: read on from here.
            }
        }
        return List.copyOf(outputs);
    }

    private void word(String word) throws NotUnderstood {
        switch (word) {
            case "int64_t" -> array();
            case EMPTY -> empty();
            case "assert_size_stride" -> asserted();
            case "output_handles" -> output();
            default -> {
                if (lexer.accept("=")) {
                    assigned(word);
                }
            }
        }
    }

    /** {@code int64_t int_array_0[] = {s77, 12L};}, or a pointer to nothing. */
    private void array() {
        boolean pointer = lexer.accept("*");
        String name = lexer.acceptIdentifier();
        if (pointer && lexer.acceptAll("=", "nullptr")) {
            arrays.put(name, List.of());
        } else if (name != null && lexer.acceptAll("[", "]", "=")) {
            List<SizeExpression> sizes = expressions.parseList(Shapes.MAX_RANK);
            if (sizes == null) {
                arrays.remove(name);
            } else {
                arrays.put(name, sizes);
            }
        }
    }

    /** {@code aoti_torch_empty_strided(2, int_array_0, int_array_1, DTYPE, …, &buf0_handle)}. */
    private void empty() throws NotUnderstood {
        lexer.expect("(");
        Optional<List<SizeExpression>> sizes = sizes();
        lexer.expect(",");
        String _ = lexer.expectIdentifier();
        lexer.expect(",");
        Optional<DType> dtype =
                ConstantBuilder.suffix(lexer, RunBuffers.DTYPE).flatMap(DType::ofTorchName);
        while (!lexer.is(";") && lexer.kind() != Kind.END) {
            if (lexer.accept("&")) {
                tensors.put(
                        RunBuffers.buffer(lexer.expectIdentifier()), new OutputSpec(dtype, sizes));
                return;
            }
            lexer.advance();
        }
    }

    /** {@code 2, int_array_0}: an array may be longer than what is used of it. */
    private Optional<List<SizeExpression>> sizes() throws NotUnderstood {
        long rank = lexer.expectInteger();
        lexer.expect(",");
        List<SizeExpression> sizes = arrays.get(lexer.expectIdentifier());
        if (rank == 0) {
            return Optional.of(List.of());
        }
        return sizes == null || sizes.size() < rank
                ? Optional.empty()
                : Optional.of(sizes.subList(0, (int) rank));
    }

    /** {@code assert_size_stride(buf1, {8L, 12L}, {12L, 1L}, "op")}: what an operator returned. */
    private void asserted() throws NotUnderstood {
        lexer.expect("(");
        String name = lexer.expectIdentifier();
        lexer.expect(",");
        List<SizeExpression> sizes = expressions.parseList(Shapes.MAX_RANK);
        if (sizes != null) {
            tensors.merge(
                    name,
                    OutputSpec.UNKNOWN.withSizes(Optional.of(sizes)),
                    (known, _) ->
                            known.sizes().isPresent()
                                    ? known
                                    : known.withSizes(Optional.of(sizes)));
        }
    }

    /** {@code output_handles[0] = buf1.release();}, or of a view that has no name. */
    private void output() throws NotUnderstood {
        lexer.expect("[");
        long index = lexer.expectInteger();
        lexer.expect("]", "=");
        OutputSpec value = value();
        if (index < outputs.size()) {
            outputs.set((int) index, value);
        }
    }

    private void assigned(String name) throws NotUnderstood {
        tensors.put(name, OutputSpec.UNKNOWN);
        tensors.put(name, value());
    }

    /** What stands on the right of an assignment. */
    private OutputSpec value() throws NotUnderstood {
        if (lexer.acceptAll("std", "::", "move", "(")) {
            return tensor(lexer.acceptIdentifier());
        }
        boolean wrapped = lexer.acceptAll(WRAP, "(");
        if (lexer.acceptAll(VIEW, "(")) {
            OutputSpec base = tensor(lexer.acceptIdentifier());
            lexer.expect(",");
            return base.withSizes(sizes());
        }
        return wrapped ? OutputSpec.UNKNOWN : tensor(lexer.acceptIdentifier());
    }

    private OutputSpec tensor(String name) {
        return tensors.getOrDefault(name == null ? "" : name, OutputSpec.UNKNOWN);
    }

    /** {@code f(buf0, …, &buf1_handle)}: a tensor of which nothing is known yet. */
    private void made(String handle) {
        if (handle != null && handle.endsWith(HANDLE)) {
            tensors.put(RunBuffers.buffer(handle), OutputSpec.UNKNOWN);
        }
    }
}
