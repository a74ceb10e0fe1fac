package io.github.aoti4j.internal.callspec;

/** What a node of a TreeSpec is; the containers are those of {@code torch/utils/_pytree.py}. */
public enum NodeKind {
    /** A tensor, a plain value or None: the spec does not say which. */
    LEAF,
    /** A Python tuple. */
    TUPLE,
    /** A Python list. */
    LIST,
    /** A {@code collections.deque}. */
    DEQUE,
    /** A named tuple; the spec names its class, but not its fields. */
    NAMED_TUPLE,
    /** A Python dict. */
    DICT,
    /** A {@code collections.OrderedDict}. */
    ORDERED_DICT,
    /** A {@code collections.defaultdict}. */
    DEFAULT_DICT,
    /** An object with named fields: a dataclass, or a class registered in its manner. */
    FIELDS;

    /** Returns whether the children have places and no names. */
    boolean isSequence() {
        return switch (this) {
            case TUPLE, LIST, DEQUE, NAMED_TUPLE -> true;
            case LEAF, DICT, ORDERED_DICT, DEFAULT_DICT, FIELDS -> false;
        };
    }

    /**
     * Returns whether the number of children, each with a meaning of its own, belongs to the type.
     */
    boolean isTuple() {
        return this == TUPLE || this == NAMED_TUPLE;
    }

    /** Returns whether the children have keys. */
    boolean isKeyed() {
        return this != LEAF && !isSequence();
    }
}
