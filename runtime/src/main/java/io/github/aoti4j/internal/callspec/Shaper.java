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
@FunctionalInterface
public interface Shaper {
    /** Makes the value of all leaves of the spec; does not keep the array. */
    Object shape(Object[] leaves);

    /** Compiles the way to lists and maps. */
    static Shaper of(Plan plan) {
        return of(plan, Object.class, Object.class);
    }

    /**
     * Compiles the way to a type: a record class, {@link List}, {@link Map}, the class of leaves or
     * {@link Object}; records' components likewise.
     *
     * @throws InvalidInputException if the type cannot hold the structure; the message names the
     *     path
     */
    static Shaper of(Plan plan, Class<?> leaf, Class<?> type) {
        return new Compiler(plan, leaf).compile(0, type);
    }

    /** Fits types to nodes. The spec's depth bounds the recursion, whatever the types. */
    record Compiler(Plan plan, Class<?> leafType) {
        private Shaper compile(int node, Type type) {
            Class<?> raw = raw(type);
            NodeKind kind = plan.kind(node);
            if (raw.isRecord() && (kind.isTuple() || kind.isKeyed())) {
                return record(node, RecordShape.of(raw));
            }
            boolean holds =
                    switch (kind) {
                        case LEAF -> raw.isAssignableFrom(leafType);
                        case TUPLE, LIST, DEQUE, NAMED_TUPLE -> raw.isAssignableFrom(List.class);
                        case DICT, ORDERED_DICT, DEFAULT_DICT, FIELDS ->
                                raw.isAssignableFrom(Map.class)
                                        && holdsKeys(node, raw(argument(type, 0)));
                    };
            if (!holds) {
                throw new InvalidInputException(
                        "%s is %s, which %s cannot hold"
                                .formatted(
                                        Paths.ofOutput(plan, node),
                                        Signature.of(plan, node),
                                        type.getTypeName()));
            }
            if (kind == NodeKind.LEAF) {
                int leaf = plan.firstLeaf(node);
                return leaves -> leaves[leaf];
            }
            if (kind.isSequence()) {
                Shaper[] elements = children(node, argument(type, 0));
                return leaves -> Collections.unmodifiableList(Arrays.asList(all(elements, leaves)));
            }
            Keys keys = plan.keys(node);
            Shaper[] values = children(node, argument(type, 1));
            return leaves -> new KeyedValues(keys, all(values, leaves));
        }

        /** Makes values; null for a shaper that is null. */
        private static Object[] all(Shaper[] shapers, Object[] leaves) {
            Object[] values = new Object[shapers.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = shapers[i] == null ? null : shapers[i].shape(leaves);
            }
            return values;
        }

        private boolean holdsKeys(int node, Class<?> type) {
            return type == Object.class || plan.keys(node).allAre(type);
        }

        private Shaper[] children(int node, Type type) {
            Shaper[] children = new Shaper[plan.childCount(node)];
            int child = node + 1;
            for (int i = 0; i < children.length; i++, child = plan.end(child)) {
                children[i] = compile(child, type);
            }
            return children;
        }

        private Shaper record(int node, RecordShape shape) {
            Shaper[] components =
                    plan.kind(node).isTuple() ? byPosition(node, shape) : byName(node, shape);
            return leaves -> shape.make(all(components, leaves));
        }

        private Shaper[] byPosition(int node, RecordShape shape) {
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
            return components;
        }

        /** A record may leave keys out, but all its components must be there. */
        private Shaper[] byName(int node, RecordShape shape) {
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
            return components;
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

        /** Returns a parameter of a type; Object where it has none, or too few. */
        private static Type argument(Type type, int position) {
            return switch (type) {
                case ParameterizedType p when position < p.getActualTypeArguments().length ->
                        p.getActualTypeArguments()[position];
                case WildcardType w -> argument(w.getUpperBounds()[0], position);
                case TypeVariable<?> v -> argument(v.getBounds()[0], position);
                default -> Object.class;
            };
        }
    }
}
