package io.github.aoti4j.weights.mapped;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Whatever is read here means the same to Jackson. */
class PlainStringsTest {
    private static final String METADATA =
            "{\"AOTI_DEVICE_KEY\": \"cpu\",\n \"AOTI_MACHINE\" : \"x86_64\", \"empty\": \"\"}\n";

    @Test
    void metadataIsReadInItsOrder() {
        Map<String, String> map = PlainStrings.read(bytes(METADATA));
        assertEquals(
                List.of("AOTI_DEVICE_KEY", "AOTI_MACHINE", "empty"), List.copyOf(map.keySet()));
        assertEquals(List.of("cpu", "x86_64", ""), List.copyOf(map.values()));
        assertEquals(Map.of(), PlainStrings.read(bytes(" { } ")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":\"b",
                "{\"a\":\"b\"",
                "{\"a\":\"b\",}",
                "{\"a\":\"b\" \"c\":\"d\"}",
                "{\"a\":\"b\"} x",
                "{\"a\":\"b\",\"a\":\"b\"}",
                "{\"a\":\"\\u0041\"}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"ä\"}",
                "{\"a\":1}",
                "[]"
            })
    void theRestIsLeft(String json) {
        assertNull(PlainStrings.read(bytes(json)));
    }

    @Test
    void longDocumentsAreLeft() {
        assertNull(PlainStrings.read(bytes("{\"a\":\"" + "b".repeat(20_000) + "\"}")));
    }

    @Test
    void damagedDocumentsMeanTheSameToJackson() throws Exception {
        Random random = new Random(1);
        String letters = "{}\":, \\a\n\u0000é";
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            var text = new StringBuilder(METADATA);
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                int at = random.nextInt(text.length());
                char letter = letters.charAt(random.nextInt(letters.length()));
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, letter);
                    case 1 -> text.insert(at, letter);
                    default -> text.deleteCharAt(at);
                }
            }
            byte[] json = bytes(text.toString());
            Map<String, String> map = PlainStrings.read(json);
            if (map != null) {
                read++;
                Map<String, String> expected = Json.parsedStringMap(json);
                assertEquals(new ArrayList<>(expected.entrySet()), new ArrayList<>(map.entrySet()));
            }
        }
        assertTrue(read > 1000, "too few documents were read: " + read);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
