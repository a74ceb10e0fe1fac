package io.github.aoti4j.internal.operators;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.operators.Literal.BoolLiteral;
import io.github.aoti4j.internal.operators.Literal.Dynamic;
import io.github.aoti4j.internal.operators.Literal.FloatLiteral;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Text;
import io.github.aoti4j.weights.mapped.Json;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * One call that a package lists in its {@code <hash>.wrapper.json}. The form is that of {@code
 * ExternKernelNodes} in {@code torch/_export/serde/schema.py}, and so are the numbers of dtypes,
 * layouts and memory formats, which C++ numbers otherwise.
 *
 * @param operator such as {@code aten::add}
 * @param overload such as {@code Tensor}; may be empty
 * @param arguments by name; those that are absent have their default
 * @param outputs in the order of the results; those at the end may be absent
 * @param isDefinedInPython whether {@code torch.library.custom_op} has made the operator
 */
record ExternNode(
        String operator,
        String overload,
        Map<String, Given> arguments,
        List<Given> outputs,
        boolean isDefinedInPython) {
    /**
     * An argument or an output.
     *
     * @param kind the package's word for it, such as {@code as_tensor}
     * @param value null where the kind is unknown here
     * @param json the package's words for it
     */
    record Given(String kind, Literal value, JsonNode json) {}

    private static final Map<Long, DType> DTYPES =
            Map.ofEntries(
                    Map.entry(1L, DType.UINT8),
                    Map.entry(2L, DType.INT8),
                    Map.entry(3L, DType.INT16),
                    Map.entry(4L, DType.INT32),
                    Map.entry(5L, DType.INT64),
                    Map.entry(6L, DType.FLOAT16),
                    Map.entry(7L, DType.FLOAT32),
                    Map.entry(8L, DType.FLOAT64),
                    Map.entry(9L, DType.COMPLEX32),
                    Map.entry(10L, DType.COMPLEX64),
                    Map.entry(11L, DType.COMPLEX128),
                    Map.entry(12L, DType.BOOL),
                    Map.entry(13L, DType.BFLOAT16),
                    Map.entry(28L, DType.UINT16),
                    Map.entry(29L, DType.FLOAT8_E4M3FN),
                    Map.entry(30L, DType.FLOAT8_E5M2),
                    Map.entry(31L, DType.FLOAT8_E4M3FNUZ),
                    Map.entry(32L, DType.FLOAT8_E5M2FNUZ),
                    Map.entry(33L, DType.FLOAT8_E8M0FNU),
                    Map.entry(34L, DType.UINT32),
                    Map.entry(35L, DType.UINT64));

    /** To {@code c10::Layout}: sparse COO, CSR, CSC, BSR, BSC, mkldnn, strided. */
    private static final Map<Long, Integer> LAYOUTS =
            Map.of(1L, 1, 2L, 2, 3L, 4, 4L, 5, 5L, 6, 6L, 3, 7L, 0);

    /** To {@code c10::MemoryFormat}: contiguous, channels last, channels last 3d, preserve. */
    private static final Map<Long, Integer> MEMORY_FORMATS = Map.of(1L, 0, 2L, 2, 3L, 3, 4L, 1);

    String qualifiedName() {
        return overload.isEmpty() ? operator : operator + "." + overload;
    }

    /**
     * Reads the calls, by index; throws {@link IllegalArgumentException} saying where it is
     * malformed.
     */
    static List<ExternNode> parse(String json) {
        JsonNode nodes;
        try {
            nodes = Json.tree(json).path("nodes");
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "it is not valid JSON: " + e.getOriginalMessage(), e);
        }
        require(nodes.isArray(), "there is no array \"nodes\"");
        List<ExternNode> result = new ArrayList<>();
        for (JsonNode node : nodes) {
            try {
                result.add(node(node.path("node")));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "node %d: %s".formatted(result.size(), e.getMessage()), e);
            }
        }
        return List.copyOf(result);
    }

    private static ExternNode node(JsonNode node) {
        String target = text(node.path("target")).value();
        require(node.path("inputs").isArray(), "it has no array \"inputs\"");
        require(node.path("outputs").isArray(), "it has no array \"outputs\"");
        Map<String, Given> arguments = new LinkedHashMap<>();
        for (JsonNode input : node.path("inputs")) {
            arguments.put(text(input.path("name")).value(), given(input.path("arg")));
        }
        int dot = target.indexOf('.', Math.max(target.indexOf("::"), 0));
        return new ExternNode(
                dot < 0 ? target : target.substring(0, dot),
                dot < 0 ? "" : target.substring(dot + 1),
                arguments,
                node.path("outputs").valueStream().map(ExternNode::given).toList(),
                node.path("metadata").path("torch_library_custom_op").asString("").equals("1"));
    }

    /** Reads a union: an object whose only property names the kind. */
    static Given given(JsonNode union) {
        require(union.isObject() && union.size() == 1, "a value is not an object of one property");
        Map.Entry<String, JsonNode> only = union.properties().iterator().next();
        return new Given(only.getKey(), value(only.getKey(), only.getValue()), only.getValue());
    }

    private static Literal value(String kind, JsonNode value) {
        return switch (kind) {
            case "as_none" -> new None();
            case "as_tensor", "as_sym_int" -> new Dynamic();
            case "as_tensors", "as_sym_ints" -> list(value, _ -> new Dynamic());
            case "as_optional_tensor" -> given(value).value();
            case "as_optional_tensors" -> list(value, ExternNode::optionalTensor);
            case "as_int" -> integer(value);
            case "as_ints" -> list(value, ExternNode::integer);
            case "as_float" -> number(value);
            case "as_floats" -> list(value, ExternNode::number);
            case "as_bool" -> bool(value);
            case "as_bools" -> list(value, ExternNode::bool);
            case "as_string" -> text(value);
            case "as_strings" -> list(value, ExternNode::text);
            case "as_scalar_type" -> new IntLiteral(numbered(DTYPES, value, "dtype").code());
            case "as_layout" -> new IntLiteral(numbered(LAYOUTS, value, "layout"));
            case "as_memory_format" ->
                    new IntLiteral(numbered(MEMORY_FORMATS, value, "memory format"));
            case "as_device" -> {
                String type = text(value.path("type")).value();
                JsonNode index = value.path("index");
                yield new Text(
                        index.isIntegralNumber() ? type + ":" + integer(index).value() : type);
            }
            default -> null;
        };
    }

    private static <T> T numbered(Map<Long, T> numbers, JsonNode value, String what) {
        T meaning = numbers.get(integer(value).value());
        require(meaning != null, what + " " + value + " is unknown here");
        return meaning;
    }

    private static Literal optionalTensor(JsonNode value) {
        Literal tensor = given(value).value();
        require(tensor != null, "an optional tensor is neither a tensor nor none");
        return tensor;
    }

    private static ListLiteral list(JsonNode value, Function<JsonNode, Literal> element) {
        require(value.isArray(), "a list is not an array");
        return new ListLiteral(value.valueStream().map(element).toList());
    }

    private static IntLiteral integer(JsonNode value) {
        require(value.isIntegralNumber() && value.canConvertToLong(), value + " is no integer");
        return new IntLiteral(value.longValue());
    }

    /** Python writes numbers that JSON does not have as words. */
    private static FloatLiteral number(JsonNode value) {
        if (value.isString()) {
            return switch (value.stringValue()) {
                case "Infinity", "-Infinity", "NaN" ->
                        new FloatLiteral(Double.parseDouble(value.stringValue()));
                default -> throw new IllegalArgumentException(value + " is no number");
            };
        }
        OptionalDouble number = value.isNumber() ? value.doubleValueOpt() : OptionalDouble.empty();
        require(number.isPresent(), value + " is no number");
        return new FloatLiteral(number.getAsDouble());
    }

    private static BoolLiteral bool(JsonNode value) {
        require(value.isBoolean(), value + " is neither true nor false");
        return new BoolLiteral(value.booleanValue());
    }

    private static Text text(JsonNode value) {
        require(value.isString(), "a name or a text is not a string");
        return new Text(value.stringValue());
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
