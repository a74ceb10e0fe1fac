package io.github.aoti4j.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What one of our headers declares, as far as tests need it. It reads our own style only: a
 * prototype starts in the first column, and {@code since} lines stand alone.
 *
 * @param functions for each function the minor version of PyTorch 2 that brought it; 0 in headers
 *     without {@code since} lines
 * @param constants for each macro with a value that value, as written
 * @param enumerators those of all enumerations
 */
record CHeader(
        Map<String, Integer> functions, Map<String, String> constants, Set<String> enumerators) {
    private static final Pattern DECLARATION =
            Pattern.compile(
                    """
                    (?mx)
                    ^ /\\*\\ since\\ 2\\. (?<since> \\d+ ) \\ \\*/ $
                    | ^ \\#define\\ (?<constant> \\w+ ) \\  (?<value> [\\w-]+ ) (?: \\ + /\\* .* )? $
                    | ^ \\ {4} (?<enumerator> \\w+ ) \\ =\\ \\d+ ,? (?: \\ + /\\* .* )? $
                    | ^ (?! typedef | AOTI4J ) \\w [\\w\\ *]*? (?<function> \\w+ ) \\(
                    """);

    static CHeader read(Path file) throws IOException {
        var functions = new LinkedHashMap<String, Integer>();
        var constants = new LinkedHashMap<String, String>();
        var enumerators = new LinkedHashSet<String>();
        var since = 0;
        var declaration = DECLARATION.matcher(Files.readString(file));
        while (declaration.find()) {
            if (declaration.group("since") != null) {
                since = Integer.parseInt(declaration.group("since"));
            } else if (declaration.group("constant") != null) {
                constants.put(declaration.group("constant"), declaration.group("value"));
            } else if (declaration.group("enumerator") != null) {
                enumerators.add(declaration.group("enumerator"));
            } else {
                functions.put(declaration.group("function"), since);
            }
        }
        return new CHeader(functions, constants, enumerators);
    }
}
