package io.github.aoti4j.internal.wrapper;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Names in messages, which may come from an untrusted file. */
public final class Names {
    private static final int MAX_LISTED = 20;
    private static final int MAX_LENGTH = 200;

    private Names() {}

    /** The first few, and how many more there are. */
    public static String list(List<String> names, UnaryOperator<String> shown) {
        return list(names, MAX_LISTED, shown);
    }

    public static String list(List<String> names, int limit, UnaryOperator<String> shown) {
        String text = names.stream().limit(limit).map(shown).collect(Collectors.joining(", "));
        int more = names.size() - limit;
        return more > 0 ? text + " and " + more + " more" : text;
    }

    /** A name without control characters, cut off where it is very long. */
    public static String shown(String name) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(name.length(), MAX_LENGTH); i++) {
            char c = name.charAt(i);
            text.append(Character.isISOControl(c) ? "\\u%04x".formatted((int) c) : c);
        }
        return name.length() > MAX_LENGTH ? text + "…" : text.toString();
    }
}
