package io.github.aoti4j.internal.callspec;

import io.github.aoti4j.core.InvalidInputException;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Makes Java values of flat leaves: a type and a node, compiled. Sequences become unmodifiable
 * lists, dicts and fields unmodifiable maps in the spec's order, and either a record where one is
 * asked for. Immutable.
 */
public abstract sealed class Shaper {
    private Shaper() {}

    /**
     * Makes the value.
     *
     * @param leaves of the whole spec; not kept
     * @return the value; null where a leaf is
     */
    public abstract Object shape(Object[] leaves);

    /** Compiles the way to lists and maps. */
    public static Shaper of(Plan plan) {
        return new Compiler(plan, Object.class).compile(0, Object.class);
    }

    /**
     * Compiles the way to a type: a record class, {@link List}, {@link Map}, the class of leaves or
     * {@link Object}; records' components likewise.
     *
     * @throws InvalidInputException if the type cannot hold the structure; the message names the
     *     path
     */
    public static Shaper of(Plan plan, Class<?> leaf, Class<?> type) {
        return new Compiler(plan, leaf).compile(0, type);
    }

    private static final class Leaf extends Shaper {
        private final int index;

        Leaf(int index) {
            this.index = index;
        }

        @Override
        public Object shape(Object[] leaves) {
            return leaves[index];
        }
    }

    private static final class Elements extends Shaper {
        private final Shaper[] elements;

        Elements(Shaper[] elements) {
            this.elements = elements;
        }

        @Override
        public Object shape(Object[] leaves) {
            return Collections.unmodifiableList(Arrays.asList(all(elements, leaves)));
        }
    }

    private static final class Entries extends Shaper {
        private final Keys keys;
        private final Shaper[] values;

        Entries(Keys keys, Shaper[] values) {
            this.keys = keys;
            this.values = values;
        }

        @Override
        public Object shape(Object[] leaves) {
            return new KeyedValues(keys, all(values, leaves));
        }
    }

    private static final class Components extends Shaper {
        private final RecordShape shape;

        /** By component; null for a field that was None at export. */
        private final Shaper[] components;

        Components(RecordShape shape, Shaper[] components) {
            this.shape = shape;
            this.components = components;
        }

        @Override
        public Object shape(Object[] leaves) {
            return shape.make(all(components, leaves));
        }
    }

    private static Object[] all(Shaper[] shapers, Object[] leaves) {
        Object[] values = new Object[shapers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = shapers[i] == null ? null : shapers[i].shape(leaves);
        }
        return values;
    }

    /** Fits types to nodes. The spec's depth bounds the recursion, whatever the types. */
    private record Compiler(Plan plan, Class<?> leafType) {
        Shaper compile(int node, Type type) {
            Class<?> raw = raw(type);
            NodeKind kind = plan.kind(node);
            if (kind == NodeKind.LEAF) {
                if (!raw.isAssignableFrom(leafType)) {
                    throw mismatch(node, type);
                }
                return new Leaf(plan.firstLeaf(node));
            }
            if (raw.isRecord()) {
                return record(node, RecordShape.of(raw), type);
            }
            if (kind.isSequence()) {
                if (!raw.isAssignableFrom(List.class)) {
                    throw mismatch(node, type);
                }
                return new Elements(children(node, argument(type, 0)));
            }
            if (!raw.isAssignableFrom(Map.class) || !holdsKeys(node, argument(type, 0))) {
                throw mismatch(node, type);
            }
            return new Entries(plan.keys(node), children(node, argument(type, 1)));
        }

        private boolean holdsKeys(int node, Type type) {
            Class<?> raw = raw(type);
            return raw == Object.class || plan.keys(node).allAre(raw);
        }

        private Shaper[] children(int node, Type type) {
            Shaper[] children = new Shaper[plan.childCount(node)];
            int child = node + 1;
            for (int i = 0; i < children.length; i++, child = plan.end(child)) {
                children[i] = compile(child, type);
            }
            return children;
        }

        private Shaper record(int node, RecordShape shape, Type type) {
            if (plan.kind(node).isTuple()) {
                return byPosition(node, shape);
            }
            if (plan.kind(node).isKeyed()) {
                return byName(node, shape);
            }
            throw mismatch(node, type);
        }

        private Shaper byPosition(int node, RecordShape shape) {
            int count = plan.childCount(node);
            if (shape.size() != count) {
                throw new InvalidInputException(
                        "%s has %d elements, but record %s has %d components; it is %s"
                                .formatted(
                                        Paths.ofOutput(plan, node),
                                        count,
                                        shape.name(),
                                        shape.size(),
                                        Signature.of(plan, node)));
            }
            Shaper[] components = new Shaper[count];
            int child = node + 1;
            for (int i = 0; i < count; i++, child = plan.end(child)) {
                components[i] = compile(child, shape.type(i));
            }
            return new Components(shape, components);
        }

        /** A record may leave keys out, but what it asks for must be there. */
        private Shaper byName(int node, RecordShape shape) {
            Keys keys = plan.keys(node);
            Shaper[] components = new Shaper[shape.size()];
            int child = node + 1;
            for (int i = 0; i < keys.size(); i++, child = plan.end(child)) {
                int component = shape.find(keys, i);
                if (component >= 0) {
                    components[component] = compile(child, shape.type(component));
                }
            }
            for (int i = 0; i < components.length; i++) {
                boolean isNull =
                        keys.isAbsent(shape.component(i)) && !raw(shape.type(i)).isPrimitive();
                if (components[i] == null && !isNull) {
                    throw new InvalidInputException(
                            "%s has no %s, which is a component of record %s; it is %s"
                                    .formatted(
                                            Paths.ofOutput(plan, node),
                                            Python.quote(shape.component(i)),
                                            shape.name(),
                                            Signature.of(plan, node)));
                }
            }
            return new Components(shape, components);
        }

        private static Class<?> raw(Type type) {
            return switch (type) {
                case Class<?> c -> c;
                case ParameterizedType p -> raw(p.getRawType());
                case WildcardType w -> raw(w.getUpperBounds()[0]);
                case TypeVariable<?> v -> raw(v.getBounds()[0]);
                case GenericArrayType _ -> Object[].class;
                default -> throw new InvalidInputException("unknown type " + type);
            };
        }

        /** A parameter of a type; Object where it has none, or not as many as it should. */
        private static Type argument(Type type, int position) {
            return switch (type) {
                case ParameterizedType p when position < p.getActualTypeArguments().length ->
                        p.getActualTypeArguments()[position];
                case WildcardType w -> argument(w.getUpperBounds()[0], position);
                case TypeVariable<?> v -> argument(v.getBounds()[0], position);
                default -> Object.class;
            };
        }

        private InvalidInputException mismatch(int node, Type type) {
            return new InvalidInputException(
                    "%s is %s, which %s cannot hold"
                            .formatted(
                                    Paths.ofOutput(plan, node),
                                    Signature.of(plan, node),
                                    type.getTypeName()));
        }
    }
}
