package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.mapped.Json.FormException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The map of a model's weights in {@code weights_config.json}: for each name {@code [file, sizes,
 * strides, storage offset]} ({@code _package_aoti_files} in {@code
 * torch/export/pt2_archive/_package.py}). The file's own tensor gives the dtype and the storage.
 */
final class WeightsConfig {
    private WeightsConfig() {}

    /**
     * A view of a weight.
     *
     * @param file its name in the folder {@code data/weights}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record View(String file, long[] shape, long[] strides, long offset) {}

    /** Parses the map, in its order. */
    static Map<String, View> parse(byte[] json) throws FormException {
        try (var parser = Json.parser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormException("it is not a JSON object");
            }
            var views = new LinkedHashMap<String, View>();
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                try {
                    views.put(name, view(parser));
                } catch (FormException e) {
                    throw new FormException("weight " + quote(name) + " " + e.getMessage());
                }
            }
            Json.requireEnd(parser);
            return views;
        } catch (JacksonException e) {
            throw new FormException(e);
        }
    }

    private static View view(JsonParser parser) throws FormException {
        if (parser.currentToken() != JsonToken.START_ARRAY
                || parser.nextToken() != JsonToken.VALUE_STRING) {
            throw new FormException("is not described by an array that starts with a file name");
        }
        String file = parser.getString();
        parser.nextToken();
        long[] shape = Json.numbers(parser, "a shape", Extents.MAX_RANK);
        parser.nextToken();
        long[] strides = Json.numbers(parser, "strides", Extents.MAX_RANK);
        parser.nextToken();
        long offset = Json.number(parser, "a storage offset");
        if (parser.nextToken() != JsonToken.END_ARRAY) {
            throw new FormException("has more than a file, a shape, strides and an offset");
        }
        return new View(file, shape, strides, offset);
    }
}
