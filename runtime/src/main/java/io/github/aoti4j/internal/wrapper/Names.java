package io.github.aoti4j.internal.wrapper;

import java.util.List;
import java.util.function.UnaryOperator;

/** Names of tensors in messages: they may come from a file of a stranger. */
public final class Names {
    private static final int MAX_LISTED = 20;
    private static final int MAX_LENGTH = 200;

    private Names() {}

    /** The first few, and how many there are beyond. */
    public static String list(List<String> names, UnaryOperator<String> shown) {
        StringBuilder text = new StringBuilder();
        for (String name : names.subList(0, Math.min(names.size(), MAX_LISTED))) {
            text.append(text.isEmpty() ? "" : ", ").append(shown.apply(name));
        }
        int more = names.size() - MAX_LISTED;
        return more > 0 ? text + " and " + more + " more" : text.toString();
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
