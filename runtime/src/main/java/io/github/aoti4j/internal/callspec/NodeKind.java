package io.github.aoti4j.internal.callspec;

/** What a node of a TreeSpec is; the containers are those of {@code torch/utils/_pytree.py}. */
public enum NodeKind {
    /** A tensor, a plain value or None: the spec does not say which. */
    LEAF,
    TUPLE,
    LIST,
    DEQUE,
    /** The spec names the class of a named tuple, but not its fields. */
    NAMED_TUPLE,
    DICT,
    ORDERED_DICT,
    DEFAULT_DICT,
    /** An object with named fields: a dataclass, or a class registered in its manner. */
    FIELDS;

    /** Returns whether the children have positions and no names. */
    boolean isSequence() {
        return switch (this) {
            case TUPLE, LIST, DEQUE, NAMED_TUPLE -> true;
            case LEAF, DICT, ORDERED_DICT, DEFAULT_DICT, FIELDS -> false;
        };
    }

    /** Returns whether the type fixes the number of children, each with its own meaning. */
    boolean isTuple() {
        return this == TUPLE || this == NAMED_TUPLE;
    }

    boolean isKeyed() {
        return this != LEAF && !isSequence();
    }
}
