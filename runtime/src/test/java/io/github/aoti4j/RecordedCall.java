package io.github.aoti4j;

import io.github.aoti4j.core.DType;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A call in its structure, with what PyTorch's own loader returned: a fixture's {@code
 * CASE.call.json}; see fixtures/calls.py.
 */
public record RecordedCall(Arguments arguments, Object outputs) {
    private static final JsonMapper MAPPER = new JsonMapper();

    /** Reads a call; its tensors belong to the arena. */
    public static RecordedCall read(Fixture fixture, String caseName, Arena arena) {
        Path file = fixture.folder().resolve(caseName + ".call.json");
        JsonNode json = MAPPER.readTree(file.toFile());
        Object[] args = ((List<?>) value(json.get("args"), arena)).toArray();
        Map<String, Object> kwargs = new LinkedHashMap<>();
        ((Map<?, ?>) value(json.get("kwargs"), arena))
                .forEach((name, value) -> kwargs.put((String) name, value));
        return new RecordedCall(
                Arguments.of(args).withAll(kwargs), value(json.get("outputs"), arena));
    }

    private static Object value(JsonNode json, Arena arena) {
        if (json.isObject()) {
            return container(json, arena);
        }
        return switch (json.getNodeType()) {
            case NULL -> null;
            case BOOLEAN -> json.booleanValue();
            case STRING -> json.stringValue();
            default -> json.isIntegralNumber() ? (Object) json.longValue() : json.doubleValue();
        };
    }

    private static Object container(JsonNode json, Arena arena) {
        if (json.has("tensor")) {
            return tensor(json, arena);
        }
        if (json.has("dict") || json.has("fields")) {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (JsonNode entry : json.values().iterator().next()) {
                map.put(value(entry.get(0), arena), value(entry.get(1), arena));
            }
            return map;
        }
        List<Object> list = new ArrayList<>();
        for (JsonNode element : json.values().iterator().next()) {
            list.add(value(element, arena));
        }
        return list;
    }

    private static Tensor tensor(JsonNode json, Arena arena) {
        long[] shape = json.get("shape").valueStream().mapToLong(JsonNode::longValue).toArray();
        Tensor tensor = Tensor.zeros(arena, DType.FLOAT32, shape);
        if (!json.get("tensor").stringValue().equals(tensor.dtype().torchName())) {
            throw new IllegalArgumentException("not float32: " + json);
        }
        for (int i = 0; i < json.get("values").size(); i++) {
            float value = json.get("values").get(i).floatValue();
            tensor.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return tensor;
    }
}
