package io.github.aoti4j.weights.mapped;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads JSON as PyTorch writes a package's metadata: one object of strings without escapes, in
 * ASCII. Anything else is left to Jackson, whose first use in a JVM takes 25 ms: it initialises
 * {@code BigDecimal}, which computes large powers.
 */
final class PlainStrings {
    /** Jackson has limits, of which the lowest is that of a name, 50,000 characters. */
    private static final int MAX_BYTES = 16 << 10;

    private final byte[] text;
    private int at;

    private PlainStrings(byte[] text) {
        this.text = text;
    }

    /** Returns the object in its order, or null for anything else. */
    static Map<String, String> read(byte[] json) {
        return json.length <= MAX_BYTES ? new PlainStrings(json).object() : null;
    }

    private Map<String, String> object() {
        if (!next('{')) {
            return null;
        }
        Map<String, String> map = new LinkedHashMap<>();
        boolean more = !next('}');
        while (more) {
            String key = string();
            String value = key != null && next(':') ? string() : null;
            if (value == null || map.put(key, value) != null) {
                return null;
            }
            more = next(',');
            if (!more && !next('}')) {
                return null;
            }
        }
        skipSpace();
        return at == text.length ? Collections.unmodifiableMap(map) : null;
    }

    private void skipSpace() {
        while (at < text.length
                && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
            at++;
        }
    }

    private boolean next(char wanted) {
        skipSpace();
        if (at < text.length && text[at] == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private String string() {
        if (!next('"')) {
            return null;
        }
        int from = at;
        while (at < text.length && text[at] >= ' ' && text[at] != '"' && text[at] != '\\') {
            at++;
        }
        int to = at;
        return next('"') && at == to + 1
                ? new String(text, from, to - from, StandardCharsets.US_ASCII)
                : null;
    }
}
