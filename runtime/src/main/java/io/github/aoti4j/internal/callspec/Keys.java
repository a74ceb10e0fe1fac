package io.github.aoti4j.internal.callspec;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys of a dict or the fields of an object, in the spec's order. Immutable.
 *
 * <p>Keys are Java values: {@link String}, {@link Long} (or {@link BigInteger}), {@link Double},
 * {@link Boolean}, null for None, and an unmodifiable {@link List} of such for a tuple.
 */
public final class Keys {
    private static final Pattern UNDERSCORES = Pattern.compile("_+([^_]?)");

    static final Keys NONE = new Keys(List.of(), List.of());

    private final List<Object> keys;
    private final List<String> absent;

    /** Of keys and, as -1, of absent fields. */
    private final Map<Object, Integer> positions = new HashMap<>();

    /** By position: the key in camel case; null if that is the same or the name of another key. */
    private final String[] aliases;

    /** Takes canonical and distinct keys, and the fields that were None and have no node. */
    Keys(List<?> keys, List<String> absent) {
        this.keys = Collections.unmodifiableList(Arrays.asList(keys.toArray()));
        this.absent = List.copyOf(absent);
        for (Object key : keys) {
            positions.put(key, positions.size());
        }
        absent.forEach(field -> positions.put(field, -1));
        aliases = new String[keys.size()];
        Map<String, Integer> uses = new HashMap<>();
        for (int i = 0; i < aliases.length; i++) {
            if (keys.get(i) instanceof String key && key.indexOf('_') > 0) {
                aliases[i] = camelCase(key);
                uses.merge(aliases[i], 1, Integer::sum);
            }
        }
        for (int i = 0; i < aliases.length; i++) {
            if (aliases[i] != null
                    && (uses.get(aliases[i]) > 1 || positions.containsKey(aliases[i]))) {
                aliases[i] = null;
            }
        }
    }

    /** {@code input_ids} as {@code inputIds}. */
    private static String camelCase(String key) {
        return UNDERSCORES
                .matcher(key)
                .replaceAll(m -> Matcher.quoteReplacement(m.group(1).toUpperCase(Locale.ROOT)));
    }

    /** Returns the form in which a caller's key is compared: integers of any type are the same. */
    static Object canonical(Object key) {
        return switch (key) {
            case Integer number -> number.longValue();
            case Short number -> number.longValue();
            case Byte number -> number.longValue();
            case Float number -> number.doubleValue();
            case BigInteger number when number.bitLength() < Long.SIZE -> number.longValue();
            case List<?> elements ->
                    Collections.unmodifiableList(
                            Arrays.asList(elements.stream().map(Keys::canonical).toArray()));
            case null, default -> key;
        };
    }

    public int size() {
        return keys.size();
    }

    public Object get(int position) {
        return keys.get(position);
    }

    /** Returns the fields that were None at export and have no node. */
    public List<String> absent() {
        return absent;
    }

    boolean isAbsent(Object key) {
        return Integer.valueOf(-1).equals(positions.get(key));
    }

    /** Returns the position of a caller's key, or -1. */
    int find(Object key) {
        Integer position = positions.get(canonical(key));
        return position == null ? -1 : position;
    }

    /** Returns the key in camel case; null if that is the same or the name of another key. */
    String alias(int position) {
        return aliases[position];
    }

    /** Returns whether all keys are of a class or null. */
    boolean allAre(Class<?> type) {
        return keys.stream().allMatch(key -> key == null || type.isInstance(key));
    }
}
