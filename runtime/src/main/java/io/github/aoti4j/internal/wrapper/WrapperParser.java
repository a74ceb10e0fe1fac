package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SymbolTable;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Recognises the statements of a wrapper source that describe the model; see {@link WrapperSource}.
 *
 * <p>One pass, one token of lookahead, no way back (but for an expression that is not understood,
 * whose end is looked for once more): the time is linear in the source's length, and what is kept
 * is no larger than the source.
 */
final class WrapperParser {
    /** Where in the source the parser is: symbols are defined at the beginning of run_impl. */
    private enum Section {
        BEFORE_RUN,
        PROLOGUE,
        BODY
    }

    private static final String DTYPE = "torch_dtype_";
    private static final String ITEM = "aoti_torch_item_";

    private final String source;
    private final List<String> kernels;
    private final CppLexer lexer;
    private final SymbolTable symbols = new SymbolTable();
    private final ExpressionParser expressions;
    private final Map<Integer, ConstantBuilder> constants = new TreeMap<>();
    private List<InputBuilder> inputs;
    private List<String> outputNames;
    private int constantCount;
    private String inSpec;
    private String outSpec;
    private Section section = Section.BEFORE_RUN;
    private boolean sawMinimum;

    WrapperParser(String source, List<String> kernels) {
        this.source = source;
        this.kernels = kernels;
        lexer = new CppLexer(source);
        expressions = new ExpressionParser(lexer, symbols);
    }

    Optional<WrapperSource> parse() {
        while (lexer.kind() != Kind.END) {
            String word = lexer.acceptIdentifier();
            if (word == null) {
                lexer.advance();
                continue;
            }
            try {
                if (inputs != null) {
                    statement(word);
                } else if (word.equals("AOTInductorModelBase")) {
                    counts();
                }
            } catch (NotUnderstood _) {
                // Another statement: read on from here.
            }
        }
        return inputs == null ? Optional.empty() : Optional.of(build());
    }

    private WrapperSource build() {
        var symbolList = symbols.symbols();
        var samples = new SampleSizes(symbolList);
        // A fixed dimension is always mentioned in the checks; one that is not fixed, only if
        // minima
        // are checked (aot_inductor.check_lowerbound).
        boolean everyDimensionChecked =
                sawMinimum || (section == Section.BODY && symbols.count() == 0);
        List<InputSpec> inputSpecs = new ArrayList<>(inputs.size());
        for (InputBuilder input : inputs) {
            inputSpecs.add(input.build(symbols, samples, everyDimensionChecked));
        }
        List<ConstantSpec> constantSpecs = new ArrayList<>(constants.size());
        for (ConstantBuilder constant : constants.values()) {
            constantSpecs.add(constant.build());
        }
        return new WrapperSource(
                inputs.size(),
                outputNames.size(),
                constantCount,
                List.copyOf(inputSpecs),
                List.copyOf(outputNames),
                List.copyOf(constantSpecs),
                Optional.ofNullable(inSpec),
                Optional.ofNullable(outSpec),
                symbolList,
                CompilerFacts.march(source),
                CompilerFacts.holdsWeights(source),
                IndexChecks.find(source, kernels, symbols));
    }

    /** The lexer stands behind {@code word}. */
    private void statement(String word) throws NotUnderstood {
        switch (word) {
            case "inputs_info_" -> inputInfo();
            case "outputs_info_" -> outputInfo();
            case "constants_info_" -> constantInfo();
            case "in_spec_" -> inSpec = spec();
            case "out_spec_" -> outSpec = spec();
            case "ConstantHandle" -> checkedInput();
            case "int32_t" -> expectation();
            case "if" -> check();
            case "run_impl" -> section = lexer.is("(") ? Section.PROLOGUE : section;
            case "auto" -> unpackedInput();
            case "int64_t" -> definition();
            case "inputs" -> endOfPrologue();
            case "assert_size_stride" -> assertion();
            default -> scalarInput(word);
        }
    }

    /** {@code AOTInductorModelBase(inputs, outputs, constants, …)} in the constructor. */
    private void counts() throws NotUnderstood {
        lexer.expect("(");
        long in = lexer.expectInteger();
        lexer.expect(",");
        long out = lexer.expectInteger();
        lexer.expect(",");
        long all = lexer.expectInteger();
        // Each is described somewhere in the source.
        if (in > source.length() || out > source.length() || all > Integer.MAX_VALUE) {
            return;
        }
        inputs = new ArrayList<>();
        for (int i = 0; i < in; i++) {
            inputs.add(new InputBuilder(i));
        }
        outputNames = new ArrayList<>(Collections.nCopies((int) out, ""));
        constantCount = (int) all;
    }

    /** {@code inputs_info_[0].name = "arg0_1";} */
    private void inputInfo() throws NotUnderstood {
        var input = inputAt(index());
        lexer.expect(".", "name", "=");
        input.name = lexer.expectString();
        symbols.nameInput(input.name, input.index);
    }

    /** {@code outputs_info_[0].name = "output0";} */
    private void outputInfo() throws NotUnderstood {
        int index = index();
        lexer.expect(".", "name", "=");
        String name = lexer.expectString();
        if (index < outputNames.size()) {
            outputNames.set(index, name);
        }
    }

    /** {@code constants_info_[0].dtype = cached_torch_dtype_float32;} and its like. */
    private void constantInfo() throws NotUnderstood {
        int index = index();
        if (index >= constantCount) {
            return;
        }
        lexer.expect(".");
        String field = lexer.expectIdentifier();
        lexer.expect("=");
        constants.computeIfAbsent(index, ConstantBuilder::new).read(field, lexer, expressions);
    }

    /** {@code in_spec_ = R"(…)";}, cut into several literals when it is long. */
    private String spec() throws NotUnderstood {
        lexer.expect("=");
        var text = new StringBuilder(lexer.expectString());
        while (lexer.kind() == Kind.STRING) {
            text.append(lexer.acceptString());
        }
        return text.toString();
    }

    /** {@code ConstantHandle arg0_1 = ConstantHandle(input_handles[0]);} */
    private void checkedInput() throws NotUnderstood {
        String name = lexer.expectIdentifier();
        lexer.expect("=", "ConstantHandle", "(", "input_handles");
        var input = inputAt(index());
        symbols.nameInput(name, input.index);
        input.hasCheck = true;
    }

    /** {@code auto arg0_1 = std::move(inputs[0]);} */
    private void unpackedInput() throws NotUnderstood {
        String name = lexer.expectIdentifier();
        lexer.expect("=", "std", "::", "move", "(", "inputs");
        symbols.nameInput(name, inputAt(index()).index);
    }

    /** {@code aoti_torch_item_int64(inputs[1], &s5)}: a number, passed as a tensor. */
    private void scalarInput(String function) throws NotUnderstood {
        if (section == Section.PROLOGUE && function.startsWith(ITEM)) {
            lexer.expect("(", "inputs");
            var input = inputAt(index());
            input.dtype = DType.ofTorchName(function.substring(ITEM.length()));
            input.readAsScalar = true;
        }
    }

    /**
     * {@code int32_t arg0_1_expected_dtype = aoti_torch_dtype_float32();} or {@code int32_t
     * arg0_1_expected_device_type = 0;}
     */
    private void expectation() throws NotUnderstood {
        String name = lexer.expectIdentifier();
        lexer.expect("=");
        int byDtype = symbols.inputOf(name, "_expected_dtype");
        if (isInput(byDtype)) {
            inputAt(byDtype).dtype =
                    ConstantBuilder.suffix(lexer, DTYPE).flatMap(DType::ofTorchName);
            return;
        }
        var byDevice = inputAt(symbols.inputOf(name, "_expected_device_type"));
        byDevice.deviceType = OptionalInt.of(smallInteger());
    }

    /**
     * {@code if (8 != arg0_1_size[0])}, {@code if (arg0_1_size[0] < 2)}, {@code if (arg0_1_size[0]
     * > 1024)} or {@code if (1 != arg0_1_stride[1])}.
     */
    private void check() throws NotUnderstood {
        lexer.expect("(");
        Long fixed = lexer.acceptInteger();
        if (fixed != null) {
            lexer.expect("!=");
        }
        String array = lexer.expectIdentifier();
        int bySize = symbols.inputOfSizes(array);
        var input = inputAt(isInput(bySize) ? bySize : symbols.inputOfStrides(array));
        int index = index();
        if (index >= Shapes.MAX_RANK) {
            return;
        }
        if (fixed == null && isInput(bySize)) {
            bound(input, index);
        } else if (fixed != null && lexer.is(")")) {
            var dimension = input.dimension(index);
            if (isInput(bySize)) {
                dimension.size = new Literal(fixed);
            } else {
                dimension.stride = new Literal(fixed);
            }
        }
    }

    private void bound(InputBuilder input, int index) throws NotUnderstood {
        boolean isMinimum = lexer.accept("<");
        if (!isMinimum) {
            lexer.expect(">");
        }
        long bound = lexer.expectInteger();
        if (!lexer.is(")")) {
            return;
        }
        if (isMinimum) {
            input.dimension(index).min = bound;
            sawMinimum = true;
        } else {
            input.dimension(index).max = bound;
        }
    }

    /** {@code int64_t s77 = arg0_1_size[0];} at the beginning of run_impl. */
    private void definition() throws NotUnderstood {
        if (section != Section.PROLOGUE) {
            return;
        }
        String name = lexer.expectIdentifier();
        lexer.expect("=");
        var expression = expressions.parse();
        if (lexer.is(";")) {
            symbols.define(name, expression);
        }
    }

    /** {@code inputs.clear();} ends the part of run_impl that unpacks inputs. */
    private void endOfPrologue() {
        if (section == Section.PROLOGUE && lexer.acceptAll(".", "clear")) {
            section = Section.BODY;
        }
    }

    /** {@code assert_size_stride(arg0_1, {s77, 10L}, {10L, 1L}, "input")}, since PyTorch 2.13. */
    private void assertion() throws NotUnderstood {
        lexer.expect("(");
        var input = inputAt(symbols.inputOf(lexer.expectIdentifier()));
        lexer.expect(",");
        var sizes = expressions.parseList(Shapes.MAX_RANK);
        if (sizes == null) {
            return;
        }
        lexer.expect(",");
        var strides = expressions.parseList(Shapes.MAX_RANK);
        // The same is asserted of what an operator returns, under the operator's name.
        boolean ofInput =
                lexer.is(")") || (lexer.accept(",") && "input".equals(lexer.acceptString()));
        if (strides != null && ofInput) {
            input.asserted(sizes, strides);
        }
    }

    /** {@code [3]}. */
    private int index() throws NotUnderstood {
        lexer.expect("[");
        int index = smallInteger();
        lexer.expect("]");
        return index;
    }

    private int smallInteger() throws NotUnderstood {
        long value = lexer.expectInteger();
        if (value > Integer.MAX_VALUE) {
            throw new NotUnderstood();
        }
        return (int) value;
    }

    private boolean isInput(int index) {
        return index >= 0 && index < inputs.size();
    }

    private InputBuilder inputAt(int index) throws NotUnderstood {
        if (!isInput(index)) {
            throw new NotUnderstood();
        }
        return inputs.get(index);
    }
}
