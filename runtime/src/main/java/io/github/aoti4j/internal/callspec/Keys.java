package io.github.aoti4j.internal.callspec;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The keys of a dict or the fields of an object, in the spec's order. Immutable.
 *
 * <p>Keys are Java values: {@link String}, {@link Long} (or {@link BigInteger}), {@link Double},
 * {@link Boolean}, null for None, and an unmodifiable {@link List} of such for a tuple.
 */
public final class Keys {
    /** No keys: what nodes without have. */
    static final Keys NONE = new Keys(List.of(), List.of());

    private final List<Object> keys;
    private final List<String> absent;
    private final Set<String> isAbsent;
    private final Map<Object, Integer> positions;

    /** By position: the key as Java writes names, where that is another and no key is called so. */
    private final String[] aliases;

    /**
     * Makes the keys.
     *
     * @param keys canonical and distinct
     * @param absent fields that were None at export and have no node
     */
    Keys(List<?> keys, List<String> absent) {
        this.keys = Collections.unmodifiableList(Arrays.asList(keys.toArray()));
        this.absent = List.copyOf(absent);
        isAbsent = Set.copyOf(absent);
        positions = new HashMap<>();
        for (Object key : keys) {
            positions.put(key, positions.size());
        }
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
                    && (uses.get(aliases[i]) > 1
                            || positions.containsKey(aliases[i])
                            || isAbsent.contains(aliases[i]))) {
                aliases[i] = null;
            }
        }
    }

    /** {@code input_ids} as {@code inputIds}. */
    private static String camelCase(String key) {
        var text = new StringBuilder(key.length());
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c != '_' || text.isEmpty()) {
                boolean begins = i > 0 && key.charAt(i - 1) == '_' && c != '_' && !text.isEmpty();
                text.append(begins ? Character.toUpperCase(c) : c);
            }
        }
        return text.toString();
    }

    /**
     * Returns how a key is kept: integers of any type are the same key, as are the elements of
     * lists.
     *
     * @param key a caller's key
     */
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

    /** Returns how many there are. */
    public int size() {
        return keys.size();
    }

    /**
     * Returns one key.
     *
     * @param position from 0
     * @return the key; null for None
     */
    public Object get(int position) {
        return keys.get(position);
    }

    /** Returns the fields that were None at export and have no node. */
    public List<String> absent() {
        return absent;
    }

    /** Returns whether a key is a field that was None at export and has no node. */
    boolean isAbsent(Object key) {
        return key != null && isAbsent.contains(key);
    }

    /** Returns the place of a key of whatever type, or -1. */
    int find(Object key) {
        Integer position = positions.get(canonical(key));
        return position == null ? -1 : position;
    }

    /** Returns the key in Java's spelling, or null if it is spelled the same or not usable. */
    String alias(int position) {
        return aliases[position];
    }

    /** Returns whether all keys are of a class, so that a map of such keys can hold them. */
    boolean allAre(Class<?> type) {
        return keys.stream().allMatch(key -> key == null || type.isInstance(key));
    }
}
