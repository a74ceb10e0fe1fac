package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.InvalidInputException;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** How to read and make the records of a class. Immutable; one for each class. */
public final class RecordShape {
    private static final ClassValue<RecordShape> SHAPES =
            new ClassValue<>() {
                @Override
                protected RecordShape computeValue(Class<?> type) {
                    return new RecordShape(type);
                }
            };

    private static final String MODULE = "io.github.aoti4j";

    private final Class<?> type;
    private final RecordComponent[] components;
    private final Map<String, Integer> positions = new HashMap<>();
    private final MethodHandle[] accessors;

    /** Takes an array of all components. */
    private final MethodHandle constructor;

    private RecordShape(Class<?> type) {
        this.type = type;
        components = type.getRecordComponents();
        accessors = new MethodHandle[components.length];
        Class<?>[] types = new Class<?>[components.length];
        // Unlike reflection, method handles require that our module reads the caller's.
        RecordShape.class.getModule().addReads(type.getModule());
        MethodHandles.Lookup lookup = lookup(type);
        try {
            for (int i = 0; i < components.length; i++) {
                positions.put(components[i].getName(), i);
                types[i] = components[i].getType();
                accessors[i] =
                        lookup.unreflect(components[i].getAccessor())
                                .asType(MethodType.methodType(Object.class, Object.class));
            }
            constructor =
                    lookup.findConstructor(type, MethodType.methodType(void.class, types))
                            .asSpreader(Object[].class, components.length)
                            .asType(MethodType.methodType(Object.class, Object[].class));
        } catch (ReflectiveOperationException e) {
            var inaccessible =
                    new InvalidInputException(
                            "record %s cannot be accessed: let its module say \"opens %s to %s\", or export the package and make the record public"
                                    .formatted(type.getName(), type.getPackageName(), MODULE));
            inaccessible.initCause(e);
            throw inaccessible;
        }
    }

    /** Returns the class's own rights, for which its package must be open, or public ones. */
    private static MethodHandles.Lookup lookup(Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup());
        } catch (IllegalAccessException e) {
            return MethodHandles.publicLookup();
        }
    }

    static RecordShape of(Class<?> type) {
        return SHAPES.get(type);
    }

    String name() {
        return type.getName();
    }

    int size() {
        return components.length;
    }

    String component(int position) {
        return components[position].getName();
    }

    Type type(int position) {
        return components[position].getGenericType();
    }

    /** Returns the component for a key, by its own name or its Java spelling, or -1. */
    int find(Keys keys, int key) {
        Integer position = positions.get(String.valueOf(keys.get(key)));
        if (position == null && keys.alias(key) != null) {
            position = positions.get(keys.alias(key));
        }
        return position != null && keys.get(key) instanceof String ? position : -1;
    }

    Object get(Object tuple, int position) {
        try {
            return (Object) accessors[position].invokeExact(tuple);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    Object[] values(Record tuple) {
        Object[] values = new Object[size()];
        Arrays.setAll(values, i -> get(tuple, i));
        return values;
    }

    /** Returns the components of a record by name, in order, as a new map. */
    public static Map<String, Object> toMap(Record tuple) {
        RecordShape shape = of(tuple.getClass());
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < shape.size(); i++) {
            values.put(shape.component(i), shape.get(tuple, i));
        }
        return values;
    }

    Object make(Object[] values) {
        try {
            return (Object) constructor.invokeExact(values);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Neither accessors nor canonical constructors can declare exceptions. */
    private static RuntimeException unchecked(Throwable thrown) {
        return switch (thrown) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException(thrown);
        };
    }
}
