package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.callspec.RecordShape;
import io.github.aoti4j.internal.exec.NestedCalls;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The arguments of a call: positional ones and keyword ones, as the model's {@code forward} took
 * them when it was exported. Immutable.
 *
 * <pre>{@code
 * Arguments.of(x, List.of(a, b)).with("scale", scale)
 * }</pre>
 *
 * <p>{@link CallSpec} says which Java values stand for what.
 */
public final class Arguments {
    private final Object[] positional;

    /** A map or a record; null for none. */
    private final Object keywords;

    private Arguments(Object[] positional, Object keywords) {
        this.positional = positional;
        this.keywords = keywords;
    }

    /**
     * Makes positional arguments.
     *
     * @param positional in order; null for None
     * @return without keyword arguments
     */
    public static Arguments of(Object... positional) {
        return new Arguments(requireNonNull(positional, "positional").clone(), null);
    }

    /**
     * Adds a keyword argument.
     *
     * @param name its name in Python
     * @param value its value; null for None
     * @return these arguments and that one
     * @throws InvalidInputException if there is one of the name already
     */
    public Arguments with(String name, Object value) {
        return withAll(Collections.singletonMap(requireNonNull(name, "name"), value));
    }

    /**
     * Adds keyword arguments.
     *
     * @param values by their names in Python
     * @return these arguments and those
     * @throws InvalidInputException if there is one of the same name already
     */
    public Arguments withAll(Map<String, ?> values) {
        return join(new LinkedHashMap<>(requireNonNull(values, "values")));
    }

    /**
     * Adds the components of a record as keyword arguments. A name such as {@code input_ids} may be
     * spelled {@code inputIds} in the record, provided that no others were added.
     *
     * @param values its components' names are the arguments'
     * @return these arguments and those
     * @throws InvalidInputException if there is one of the same name already, or the record is not
     *     accessible
     */
    public Arguments withAll(Record values) {
        return join(requireNonNull(values, "values"));
    }

    private Arguments join(Object more) {
        if (keywords == null) {
            return new Arguments(positional, more);
        }
        Map<String, Object> joined = map(keywords);
        map(more)
                .forEach(
                        (name, value) -> {
                            if (joined.containsKey(name)) {
                                throw new InvalidInputException(
                                        "keyword argument \"" + name + "\" is given twice");
                            }
                            joined.put(name, value);
                        });
        return new Arguments(positional, joined);
    }

    /** A fresh map of keyword arguments. */
    private static Map<String, Object> map(Object keywords) {
        Map<String, Object> map = new LinkedHashMap<>();
        switch (keywords) {
            case Record tuple -> map.putAll(RecordShape.toMap(tuple));
            case Map<?, ?> given -> given.forEach((name, value) -> map.put((String) name, value));
            default -> throw new IllegalStateException(keywords.getClass().getName());
        }
        return map;
    }

    /** What the rest of the library works on. */
    NestedCalls.Args args() {
        return new NestedCalls.Args(positional, keywords);
    }
}
