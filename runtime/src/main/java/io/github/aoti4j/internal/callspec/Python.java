package io.github.aoti4j.internal.callspec;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names and keys in Python's notation, bounded and safe for a terminal. */
final class Python {
    private static final int MAX_NAME = 200;
    private static final Pattern IDENTIFIER = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]{0,199}");

    private Python() {}

    static boolean isIdentifier(String name) {
        return IDENTIFIER.matcher(name).matches();
    }

    /** A dict's key: {@code "k"}, {@code 3}, {@code None}, {@code (1, 2)}. */
    static String key(Object key) {
        return switch (key) {
            case null -> "None";
            case String text -> quote(text);
            case Boolean truth -> truth ? "True" : "False";
            case List<?> elements ->
                    elements.stream()
                            .map(Python::key)
                            .collect(
                                    Collectors.joining(
                                            ", ", "(", elements.size() == 1 ? ",)" : ")"));
            default -> printable(key.toString());
        };
    }

    static String quote(String text) {
        return '"' + printable(text.replace("\\", "\\\\").replace("\"", "\\\"")) + '"';
    }

    /** Escapes and shortens a name from a file, for messages. */
    static String printable(String name) {
        var text = new StringBuilder();
        int shown = Math.min(name.length(), MAX_NAME);
        for (int i = 0; i < shown; i++) {
            char c = name.charAt(i);
            if (isPlain(c)) {
                text.append(c);
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.append(shown < name.length() ? "…" : "").toString();
    }

    /** Neither a control character nor one that changes the direction of text, nor half of one. */
    private static boolean isPlain(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> true;
        };
    }
}
