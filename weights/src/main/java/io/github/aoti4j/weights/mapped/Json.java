package io.github.aoti4j.weights.mapped;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON from untrusted sources: UTF-8 only, and no object may name a property twice. */
public final class Json {
    private Json() {}

    /** Apart, so that Jackson is not loaded unless it is needed. */
    private static final class Factory {
        static final JsonFactory FACTORY =
                JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    }

    /** A document, JSON or a pickle, is damaged or not of the form it should have. */
    public static final class FormException extends Exception {
        @Serial private static final long serialVersionUID = 1L;

        public FormException(String message) {
            super(message);
        }

        /** Keeps Jackson's reason, drops the position and the excerpt that follow it. */
        public FormException(JacksonException cause) {
            super("it is not valid JSON: " + cause.getOriginalMessage(), cause);
        }
    }

    /** A parser before its first token. Jackson left to itself would accept UTF-16 as well. */
    public static JsonParser parser(byte[] utf8) {
        var decoder = StandardCharsets.UTF_8.newDecoder();
        return Factory.FACTORY.createParser(
                ObjectReadContext.empty(),
                new InputStreamReader(new ByteArrayInputStream(utf8), decoder));
    }

    /** Apart, since few need it: it loads more classes. */
    private static final class Trees {
        static final JsonMapper MAPPER =
                JsonMapper.builder(Factory.FACTORY)
                        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                        .build();
    }

    /**
     * Reads a whole document.
     *
     * @throws JacksonException if it is not valid JSON, or more follows
     */
    public static JsonNode tree(String json) {
        return Trees.MAPPER.readTree(json);
    }

    /** Reads a document that is one object of strings. */
    public static Map<String, String> stringMap(byte[] utf8) throws FormException {
        var plain = PlainStrings.read(utf8);
        return plain != null ? plain : parsedStringMap(utf8);
    }

    /** The same for all that is JSON. */
    static Map<String, String> parsedStringMap(byte[] utf8) throws FormException {
        try (var parser = parser(utf8)) {
            parser.nextToken();
            var map = stringMap(parser);
            requireEnd(parser);
            return map;
        } catch (JacksonException e) {
            throw new FormException(e);
        }
    }

    /** Reads the object of strings that the parser stands at; the map keeps its order. */
    public static Map<String, String> stringMap(JsonParser parser) throws FormException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new FormException("it is not a JSON object");
        }
        var map = new LinkedHashMap<String, String>();
        for (String key = parser.nextName(); key != null; key = parser.nextName()) {
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new FormException("the value of " + Messages.quote(key) + " is not a string");
            }
            map.put(key, parser.getString());
        }
        return Collections.unmodifiableMap(map);
    }

    /**
     * Reads the array of at most {@code max} whole numbers from 0 that the parser stands at; {@code
     * what} follows "has" in messages.
     */
    public static long[] numbers(JsonParser parser, String what, int max) throws FormException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new FormException("has " + what + " that is not an array");
        }
        long[] numbers = new long[max];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (count == max) {
                throw new FormException("has " + what + " of more than " + max + " numbers");
            }
            numbers[count++] = number(parser, what);
        }
        return Arrays.copyOf(numbers, count);
    }

    /** Reads the whole number from 0 that the parser stands at. */
    public static long number(JsonParser parser, String what) throws FormException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw new FormException("has " + what + " that is not made of whole numbers");
        }
        long number;
        try {
            number = parser.getLongValue();
        } catch (JacksonException e) {
            throw new FormException("has " + what + " with a number beyond 64 bits");
        }
        if (number < 0) {
            throw new FormException("has " + what + " with the negative number " + number);
        }
        return number;
    }

    public static void requireEnd(JsonParser parser) throws FormException {
        if (parser.nextToken() != null) {
            throw new FormException("there is more after the end of the object");
        }
    }
}
