package io.github.aoti4j;

import java.util.List;
import java.util.SequencedMap;

/**
 * What a model's {@code forward} takes or returns at one place: a tensor, or a container of
 * structures. Immutable.
 *
 * <p>From PyTorch's TreeSpec ({@code torch/utils/_pytree.py}), and the names of the compiled
 * model's inputs.
 */
public sealed interface Structure {
    /**
     * Returns its path in a call.
     *
     * @return for example {@code kwargs.opts["k"][0]} or {@code output["loss"]}
     */
    String path();

    /**
     * A tensor; as an output, also None, which the call spec does not distinguish from a tensor.
     *
     * @param path its path in a call
     * @param position its place among the flat inputs or outputs; -1 if that depends on which of
     *     the arguments that may be constants are given as tensors
     */
    record TensorLeaf(String path, int position) implements Structure {}

    /**
     * An argument that was a plain value or None when the model was exported. It has become part of
     * the compiled code, and no package says what it was.
     *
     * @param path its path in a call
     */
    record ConstantLeaf(String path) implements Structure {}

    /**
     * An argument that may be a tensor or a constant: the package does not say which, the value in
     * a call decides.
     *
     * @param path its path in a call
     */
    record EitherLeaf(String path) implements Structure {}

    /** The kinds of sequences. */
    enum SequenceKind {
        /** A Python tuple. */
        TUPLE,
        /** A Python list. */
        LIST,
        /** A {@code collections.deque}. */
        DEQUE
    }

    /**
     * A tuple, a list or a deque.
     *
     * @param path its path in a call
     * @param kind which of them
     * @param elements in order
     */
    record Sequence(String path, SequenceKind kind, List<Structure> elements) implements Structure {
        /** Keeps an unmodifiable list. */
        public Sequence {
            elements = List.copyOf(elements);
        }
    }

    /**
     * A named tuple. The call spec names its class, but not its fields.
     *
     * @param path its path in a call
     * @param type the class, as it was registered
     * @param elements in the order of the fields
     */
    record NamedTuple(String path, String type, List<Structure> elements) implements Structure {
        /** Keeps an unmodifiable list. */
        public NamedTuple {
            elements = List.copyOf(elements);
        }
    }

    /** The kinds of mappings. */
    enum MappingKind {
        /** A Python dict. */
        DICT,
        /** A {@code collections.OrderedDict}. */
        ORDERED_DICT,
        /** A {@code collections.defaultdict}. */
        DEFAULT_DICT
    }

    /**
     * A dict of some kind.
     *
     * @param path its path in a call
     * @param kind which
     * @param entries in the spec's order, unmodifiable; keys are strings, or {@link Long}, {@link
     *     Double}, {@link Boolean}, null for None, a {@link List} for a tuple
     */
    record Mapping(String path, MappingKind kind, SequencedMap<Object, Structure> entries)
            implements Structure {}

    /**
     * A dataclass, or an object of another class that was registered with names for its parts, such
     * as the results of Hugging Face's models.
     *
     * @param path its path in a call
     * @param type the class, as it was registered
     * @param fields in the spec's order, unmodifiable
     * @param absent fields that were None when the model was exported
     */
    record Fields(
            String path, String type, SequencedMap<String, Structure> fields, List<String> absent)
            implements Structure {
        /** Keeps an unmodifiable list. */
        public Fields {
            absent = List.copyOf(absent);
        }
    }
}
