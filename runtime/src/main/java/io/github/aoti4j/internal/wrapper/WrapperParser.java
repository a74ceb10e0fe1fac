package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SymbolTable;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

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

    /** PyTorch quotes the compiler's command in a comment behind the source. */
    private static final String COMMAND = "// Compile cmd";

    private static final Pattern MARCH = Pattern.compile(" -march=([\\w.+-]{1,40})(?=\\s)");

    private static final Pattern INCLUDE_WEIGHTS =
            Pattern.compile("std::move\\(cubin_dir\\),\\s{0,200}(true|false)\\)");

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
            } else if (inputs == null) {
                if (word.equals("AOTInductorModelBase")) {
                    counts();
                }
            } else {
                statement(word);
            }
        }
        return inputs == null ? Optional.empty() : Optional.of(build());
    }

    private WrapperSource build() {
        var symbolList = symbols.symbols();
        var samples = SampleSizes.of(symbolList);
        List<InputSpec> inputSpecs = new ArrayList<>();
        for (var input : inputs) {
            inputSpecs.add(input.build(symbols, samples, everyDimensionChecked()));
        }
        List<ConstantSpec> constantSpecs = new ArrayList<>();
        for (var constant : constants.values()) {
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
                march(),
                holdsWeights(),
                IndexChecks.find(source, kernels, symbols));
    }

    /** The last argument of the base class's constructor ({@code include_weights}). */
    private Optional<Boolean> holdsWeights() {
        var argument = INCLUDE_WEIGHTS.matcher(source);
        return argument.find()
                ? Optional.of(Boolean.parseBoolean(argument.group(1)))
                : Optional.empty();
    }

    private Optional<String> march() {
        int command = source.lastIndexOf(COMMAND);
        if (command < 0) {
            return Optional.empty();
        }
        var option = MARCH.matcher(source).region(command, source.length());
        return option.find() ? Optional.of(option.group(1)) : Optional.empty();
    }

    /**
     * Whether no dimension goes unmentioned in the checks. A fixed one never does; one that is not
     * fixed, only if minima are not checked (aot_inductor.check_lowerbound).
     */
    private boolean everyDimensionChecked() {
        return sawMinimum || (section == Section.BODY && symbols.count() == 0);
    }

    private void statement(String word) {
        switch (word) {
            case "inputs_info_" -> inputInfo();
            case "outputs_info_" -> outputInfo();
            case "constants_info_" -> constantInfo();
            case "in_spec_" -> inSpec = spec(inSpec);
            case "out_spec_" -> outSpec = spec(outSpec);
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
    private void counts() {
        if (!lexer.accept("(")) {
            return;
        }
        Long in = lexer.acceptInteger();
        Long out = lexer.accept(",") ? lexer.acceptInteger() : null;
        Long all = lexer.accept(",") ? lexer.acceptInteger() : null;
        if (in == null || out == null || all == null) {
            return;
        }
        // Each is described somewhere in the source.
        if (in > source.length() || out > source.length() || all > Integer.MAX_VALUE) {
            return;
        }
        inputs = new ArrayList<>();
        for (int i = 0; i < in; i++) {
            inputs.add(new InputBuilder(i));
        }
        outputNames = new ArrayList<>(Collections.nCopies(out.intValue(), ""));
        constantCount = all.intValue();
    }

    /** {@code inputs_info_[0].name = "arg0_1";} */
    private void inputInfo() {
        var input = inputAt(index());
        String name = lexer.acceptAll(".", "name", "=") ? lexer.acceptString() : null;
        if (input != null && name != null) {
            input.name(name);
            symbols.nameInput(name, input.index);
        }
    }

    /** {@code outputs_info_[0].name = "output0";} */
    private void outputInfo() {
        int index = index();
        String name = lexer.acceptAll(".", "name", "=") ? lexer.acceptString() : null;
        if (name != null && index >= 0 && index < outputNames.size()) {
            outputNames.set(index, name);
        }
    }

    /** {@code constants_info_[0].dtype = cached_torch_dtype_float32;} and its like. */
    private void constantInfo() {
        int index = index();
        if (index < 0 || index >= constantCount || !lexer.accept(".")) {
            return;
        }
        String field = lexer.acceptIdentifier();
        if (field == null || !lexer.accept("=")) {
            return;
        }
        var constant = constants.get(index);
        if (constant == null) {
            constant = new ConstantBuilder(index);
            constants.put(index, constant);
        }
        switch (field) {
            case "name" -> constant.name = orElse(lexer.acceptString(), constant.name);
            case "original_fqn" -> constant.fqn = orElse(lexer.acceptString(), constant.fqn);
            case "dtype" -> constant.dtype = dtype(suffixOf("torch_dtype_"));
            case "device_type" -> constant.deviceType = suffixOf("torch_device_type_");
            case "layout" -> constant.layout = suffixOf("torch_layout_");
            case "offset" ->
                    constant.storageOffset = orElse(lexer.acceptInteger(), constant.storageOffset);
            case "data_size" ->
                    constant.dataSize = orElse(lexer.acceptInteger(), constant.dataSize);
            case "from_folded" -> constant.fromFolded = lexer.accept("true");
            case "type" -> constant.kind = qualifiedBy("ConstantType");
            case "shape" -> constant.shape = numbers();
            case "stride" -> constant.strides = numbers();
            default -> {}
        }
    }

    /** {@code in_spec_ = R"(…)";}, cut into several literals when it is long. */
    private String spec(String before) {
        if (!lexer.accept("=") || lexer.kind() != Kind.STRING) {
            return before;
        }
        var text = new StringBuilder();
        while (lexer.kind() == Kind.STRING) {
            text.append(lexer.acceptString());
        }
        return text.toString();
    }

    /** {@code ConstantHandle arg0_1 = ConstantHandle(input_handles[0]);} */
    private void checkedInput() {
        String name = lexer.acceptIdentifier();
        if (name != null && lexer.acceptAll("=", "ConstantHandle", "(", "input_handles")) {
            var input = nameInput(name, index());
            if (input != null) {
                input.hasCheck();
            }
        }
    }

    /** {@code auto arg0_1 = std::move(inputs[0]);} */
    private void unpackedInput() {
        String name = lexer.acceptIdentifier();
        if (name != null && lexer.acceptAll("=", "std", "::", "move", "(", "inputs")) {
            nameInput(name, index());
        }
    }

    /** {@code aoti_torch_item_int64(inputs[1], &s5)}: a number, passed as a tensor. */
    private void scalarInput(String function) {
        if (section == Section.PROLOGUE
                && function.startsWith("aoti_torch_item_")
                && lexer.acceptAll("(", "inputs")) {
            var input = inputAt(index());
            if (input != null) {
                input.dtype(dtype(function.substring("aoti_torch_item_".length())));
                input.readAsScalar();
            }
        }
    }

    /**
     * {@code int32_t arg0_1_expected_dtype = aoti_torch_dtype_float32();} or {@code int32_t
     * arg0_1_expected_device_type = 0;}
     */
    private void expectation() {
        String name = lexer.acceptIdentifier();
        if (name == null || !lexer.accept("=")) {
            return;
        }
        var byDtype = inputAt(symbols.inputOf(name, "_expected_dtype"));
        if (byDtype != null) {
            byDtype.dtype(dtype(suffixOf("torch_dtype_")));
            return;
        }
        var byDevice = inputAt(symbols.inputOf(name, "_expected_device_type"));
        Long number = byDevice == null ? null : lexer.acceptInteger();
        if (number != null && number <= Integer.MAX_VALUE) {
            byDevice.deviceType(number.intValue());
        }
    }

    /**
     * {@code if (8 != arg0_1_size[0])}, {@code if (arg0_1_size[0] < 2)}, {@code if (arg0_1_size[0]
     * > 1024)} or {@code if (1 != arg0_1_stride[1])}.
     */
    private void check() {
        if (!lexer.accept("(")) {
            return;
        }
        Long fixed = lexer.acceptInteger();
        if (fixed != null && !lexer.accept("!=")) {
            return;
        }
        String array = lexer.acceptIdentifier();
        if (array == null) {
            return;
        }
        var bySize = inputAt(symbols.inputOfSizes(array));
        var byStride = inputAt(symbols.inputOfStrides(array));
        int dimension = bySize == null && byStride == null ? -1 : index();
        if (dimension < 0 || dimension >= Shapes.MAX_RANK) {
            return;
        }
        if (fixed == null) {
            bound(bySize, dimension);
        } else if (lexer.is(")")) {
            if (bySize != null) {
                bySize.size(dimension, fixed);
            } else {
                byStride.stride(dimension, fixed);
            }
        }
    }

    private void bound(InputBuilder input, int dimension) {
        if (input == null) {
            return;
        }
        if (lexer.accept("<")) {
            Long bound = lexer.acceptInteger();
            if (bound != null && lexer.is(")")) {
                input.min(dimension, bound);
                sawMinimum = true;
            }
        } else if (lexer.accept(">")) {
            Long bound = lexer.acceptInteger();
            if (bound != null && lexer.is(")")) {
                input.max(dimension, bound);
            }
        }
    }

    /** {@code int64_t s77 = arg0_1_size[0];} at the beginning of run_impl. */
    private void definition() {
        String name = section == Section.PROLOGUE ? lexer.acceptIdentifier() : null;
        if (name == null || !lexer.accept("=")) {
            return;
        }
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
    private void assertion() {
        String name = lexer.accept("(") ? lexer.acceptIdentifier() : null;
        var input = name == null ? null : inputAt(symbols.inputOf(name));
        if (input == null || !lexer.accept(",")) {
            return;
        }
        var sizes = expressions.parseList(Shapes.MAX_RANK);
        if (sizes == null || !lexer.accept(",")) {
            return;
        }
        var strides = expressions.parseList(Shapes.MAX_RANK);
        // The same is asserted of what an operator returns, under the operator's name.
        boolean ofInput = lexer.is(")") || (lexer.accept(",") && isInputTag());
        if (strides != null && ofInput) {
            input.asserted(sizes, strides);
        }
    }

    private boolean isInputTag() {
        return "input".equals(lexer.acceptString());
    }

    /** {@code [3]}; -1 for anything else. */
    private int index() {
        Long index = lexer.accept("[") ? lexer.acceptInteger() : null;
        return index == null || index > Integer.MAX_VALUE || !lexer.accept("]")
                ? -1
                : index.intValue();
    }

    private InputBuilder inputAt(int index) {
        return index >= 0 && index < inputs.size() ? inputs.get(index) : null;
    }

    private InputBuilder nameInput(String name, int index) {
        var input = inputAt(index);
        if (input != null) {
            symbols.nameInput(name, index);
        }
        return input;
    }

    /**
     * Returns what follows {@code infix} in the next identifier that has it: {@code float32} of
     * {@code cached_torch_dtype_float32} or {@code aoti_torch_dtype_float32()}. Null if the
     * statement ends first.
     */
    private String suffixOf(String infix) {
        while (lexer.kind() != Kind.END && !lexer.is(";")) {
            String word = lexer.acceptIdentifier();
            if (word == null) {
                lexer.advance();
            } else if (word.contains(infix)) {
                return word.substring(word.indexOf(infix) + infix.length());
            }
        }
        return null;
    }

    /** Returns {@code Parameter} of {@code …::ConstantType::Parameter}; null if it is not there. */
    private String qualifiedBy(String scope) {
        while (lexer.kind() != Kind.END && !lexer.is(";")) {
            if (lexer.accept(scope)) {
                return lexer.accept("::") ? lexer.acceptIdentifier() : null;
            }
            lexer.advance();
        }
        return null;
    }

    /** Returns {@code {16, 10}} as numbers; null if it is something else. */
    private List<Long> numbers() {
        var values = new ArrayList<Long>();
        var list = expressions.parseList(Shapes.MAX_RANK);
        if (list == null) {
            return null;
        }
        for (var expression : list) {
            if (!(expression instanceof Literal(long value))) {
                return null;
            }
            values.add(value);
        }
        return List.copyOf(values);
    }

    private static DType dtype(String name) {
        return name == null ? null : DType.ofTorchName(name).orElse(null);
    }

    private static <T> T orElse(T value, T otherwise) {
        return value != null ? value : otherwise;
    }
}
