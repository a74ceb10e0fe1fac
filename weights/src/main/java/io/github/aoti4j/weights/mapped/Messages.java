package io.github.aoti4j.weights.mapped;

import java.util.Collection;
import java.util.stream.Collectors;

/** Names from a file as they may stand in a message: bounded, and safe for a terminal. */
public final class Messages {
    private static final int MAX_NAME = 200;
    private static final int MAX_LISTED = 20;

    private Messages() {}

    public static String quote(String name) {
        var text = new StringBuilder("\"");
        int shown = Math.min(name.length(), MAX_NAME);
        for (int i = 0; i < shown; i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c)) {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append(shown < name.length() ? "…\"" : "\"").toString();
    }

    public static String list(Collection<String> names) {
        var shown =
                names.stream()
                        .limit(MAX_LISTED)
                        .map(Messages::quote)
                        .collect(Collectors.joining(", "));
        int more = names.size() - MAX_LISTED;
        return more > 0 ? shown + " and " + more + " more" : shown;
    }
}
