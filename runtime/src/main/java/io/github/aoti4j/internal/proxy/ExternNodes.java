package io.github.aoti4j.internal.proxy;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.proxy.ExternNode.Given;
import io.github.aoti4j.internal.proxy.Literal.Dynamic;
import io.github.aoti4j.internal.proxy.Literal.Items;
import io.github.aoti4j.internal.proxy.Literal.None;
import io.github.aoti4j.internal.proxy.Literal.Real;
import io.github.aoti4j.internal.proxy.Literal.Text;
import io.github.aoti4j.internal.proxy.Literal.Truth;
import io.github.aoti4j.internal.proxy.Literal.Whole;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads the calls that a package lists in its {@code <hash>.wrapper.json}. The form is that of
 * {@code ExternKernelNodes} in {@code torch/_export/serde/schema.py}, and so are the numbers of
 * dtypes, layouts and memory formats, which C++ numbers otherwise.
 */
final class ExternNodes {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private static final Map<Integer, DType> DTYPES =
            Map.ofEntries(
                    Map.entry(1, DType.UINT8),
                    Map.entry(2, DType.INT8),
                    Map.entry(3, DType.INT16),
                    Map.entry(4, DType.INT32),
                    Map.entry(5, DType.INT64),
                    Map.entry(6, DType.FLOAT16),
                    Map.entry(7, DType.FLOAT32),
                    Map.entry(8, DType.FLOAT64),
                    Map.entry(9, DType.COMPLEX32),
                    Map.entry(10, DType.COMPLEX64),
                    Map.entry(11, DType.COMPLEX128),
                    Map.entry(12, DType.BOOL),
                    Map.entry(13, DType.BFLOAT16),
                    Map.entry(28, DType.UINT16),
                    Map.entry(29, DType.FLOAT8_E4M3FN),
                    Map.entry(30, DType.FLOAT8_E5M2),
                    Map.entry(31, DType.FLOAT8_E4M3FNUZ),
                    Map.entry(32, DType.FLOAT8_E5M2FNUZ),
                    Map.entry(33, DType.FLOAT8_E8M0FNU),
                    Map.entry(34, DType.UINT32),
                    Map.entry(35, DType.UINT64));

    /** To {@code c10::Layout}: sparse COO, CSR, CSC, BSR, BSC, mkldnn, strided. */
    private static final Map<Integer, Integer> LAYOUTS =
            Map.of(1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 3, 7, 0);

    /** To {@code c10::MemoryFormat}: contiguous, channels last, channels last 3d, preserve. */
    private static final Map<Integer, Integer> MEMORY_FORMATS = Map.of(1, 0, 2, 2, 3, 3, 4, 1);

    private ExternNodes() {}

    /**
     * Reads the calls, in the order of the indices by which the model makes them.
     *
     * @throws IllegalArgumentException if the text has another form; the message says where
     */
    static List<ExternNode> parse(String json) {
        JsonNode nodes;
        try {
            nodes = MAPPER.readTree(json).path("nodes");
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
        List<Given> outputs = new ArrayList<>();
        for (JsonNode output : node.path("outputs")) {
            outputs.add(given(output));
        }
        int dot = target.indexOf('.', Math.max(target.indexOf("::"), 0));
        return new ExternNode(
                dot < 0 ? target : target.substring(0, dot),
                dot < 0 ? "" : target.substring(dot + 1),
                arguments,
                List.copyOf(outputs));
    }

    /** Reads a union: an object whose only property tells the kind. */
    private static Given given(JsonNode union) {
        require(union.isObject() && union.size() == 1, "a value is not an object of one property");
        Map.Entry<String, JsonNode> only = union.properties().iterator().next();
        return new Given(only.getKey(), value(only.getKey(), only.getValue()));
    }

    private static Literal value(String kind, JsonNode value) {
        return switch (kind) {
            case "as_none" -> new None();
            case "as_tensor", "as_sym_int" -> new Dynamic();
            case "as_tensors" -> list(value, _ -> new Dynamic());
            case "as_sym_ints" -> list(value, _ -> new Dynamic());
            case "as_optional_tensor" -> given(value).value();
            case "as_optional_tensors" -> list(value, item -> given(item).value());
            case "as_int" -> whole(value);
            case "as_ints" -> list(value, ExternNodes::whole);
            case "as_float" -> real(value);
            case "as_floats" -> list(value, ExternNodes::real);
            case "as_bool" -> truth(value);
            case "as_bools" -> list(value, ExternNodes::truth);
            case "as_string" -> text(value);
            case "as_strings" -> list(value, ExternNodes::text);
            case "as_scalar_type" -> {
                DType dtype = DTYPES.get((int) whole(value).value());
                require(dtype != null, "dtype " + value + " is unknown here");
                yield new Whole(dtype.code());
            }
            case "as_layout" -> numbered(LAYOUTS, value, "layout");
            case "as_memory_format" -> numbered(MEMORY_FORMATS, value, "memory format");
            case "as_device" -> {
                String type = text(value.path("type")).value();
                JsonNode index = value.path("index");
                yield new Text(index.isIntegralNumber() ? type + ":" + index.intValue() : type);
            }
            default -> null;
        };
    }

    private static Literal numbered(Map<Integer, Integer> numbers, JsonNode value, String what) {
        Integer number = numbers.get((int) whole(value).value());
        require(number != null, what + " " + value + " is unknown here");
        return new Whole(number);
    }

    private static Items list(JsonNode value, Function<JsonNode, Literal> element) {
        require(value.isArray(), "a list is not an array");
        List<Literal> elements = new ArrayList<>();
        for (JsonNode item : value) {
            elements.add(element.apply(item));
        }
        return new Items(List.copyOf(elements));
    }

    private static Whole whole(JsonNode value) {
        require(value.isIntegralNumber() && value.canConvertToLong(), value + " is no integer");
        return new Whole(value.longValue());
    }

    /** Python writes numbers that JSON does not have as words. */
    private static Real real(JsonNode value) {
        if (value.isString()) {
            return switch (value.stringValue()) {
                case "Infinity" -> new Real(Double.POSITIVE_INFINITY);
                case "-Infinity" -> new Real(Double.NEGATIVE_INFINITY);
                case "NaN" -> new Real(Double.NaN);
                default -> throw new IllegalArgumentException(value + " is no number");
            };
        }
        require(value.isNumber(), value + " is no number");
        return new Real(value.doubleValue());
    }

    private static Truth truth(JsonNode value) {
        require(value.isBoolean(), value + " is neither true nor false");
        return new Truth(value.booleanValue());
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
