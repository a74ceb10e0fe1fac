package io.github.aoti4j.stress.calls;

import io.github.aoti4j.testing.Checkout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which exceptions a method's Javadoc lists: its own, those of the methods it refers to, and those
 * that the Javadoc of the class names for all of its methods.
 */
final class Documented {
    private static final Path SOURCES =
            Checkout.root().resolve("runtime/src/main/java/io/github/aoti4j");

    private static final Pattern COMMENT =
            Pattern.compile(
                    "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@\\S+\\s+)*public ([^;{]*?)\\(",
                    Pattern.DOTALL);

    private static final Pattern THROWS = Pattern.compile("@throws (\\w+)");

    private static final Pattern CLASS_COMMENT =
            Pattern.compile(
                    "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@\\S+\\s+)*public final class",
                    Pattern.DOTALL);

    private static final Pattern EXCEPTION = Pattern.compile("\\{@link (\\w+Exception)\\}");

    /** For example: see {@code {@link #run(Arena, List)}}. */
    private static final Pattern REFERENCE =
            Pattern.compile("(?:see|fails as|as by|as in|of)[\\s*]+\\{@link[\\s*]+(\\w*)#(\\w+)");

    private static final Map<String, Set<String>> KNOWN = new ConcurrentHashMap<>();

    private Documented() {}

    /** Whether an exception is one of those that {@code Class.method} may throw. */
    static boolean allows(String method, Throwable thrown) {
        Set<String> names = KNOWN.computeIfAbsent(method, Documented::read);
        for (Class<?> type = thrown.getClass();
                type != RuntimeException.class && type != Error.class && type != null;
                type = type.getSuperclass()) {
            if (names.contains(type.getSimpleName())) {
                return true;
            }
        }
        return false;
    }

    private static Set<String> read(String method) {
        Set<String> names = new HashSet<>();
        read(method, names, new HashSet<>());
        if (names.isEmpty()) {
            // Nothing may be thrown; but is there such a method?
            names.add("");
        }
        return names;
    }

    private static void read(String method, Set<String> names, Set<String> seen) {
        if (!seen.add(method)) {
            return;
        }
        String type = method.substring(0, method.indexOf('.'));
        String name = method.substring(method.indexOf('.') + 1);
        String source = source(type);
        Matcher whole = CLASS_COMMENT.matcher(source);
        if (whole.find()) {
            Matcher named = EXCEPTION.matcher(whole.group(1));
            while (named.find()) {
                names.add(named.group(1));
            }
        }
        boolean found = false;
        Matcher comments = COMMENT.matcher(source);
        while (comments.find()) {
            if (comments.group(2).endsWith(" " + name)) {
                found = true;
                Matcher thrown = THROWS.matcher(comments.group(1));
                while (thrown.find()) {
                    names.add(thrown.group(1));
                }
                Matcher references = REFERENCE.matcher(comments.group(1));
                while (references.find()) {
                    String other = references.group(1).isEmpty() ? type : references.group(1);
                    read(other + "." + references.group(2), names, seen);
                }
            }
        }
        if (!found) {
            throw new AssertionError("no public and documented method " + method);
        }
    }

    private static String source(String type) {
        try {
            return Files.readString(SOURCES.resolve(type + ".java"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
