package io.github.aoti4j.internal.operators;

/**
 * The type of an operator's argument or result, as its schema names it.
 *
 * <p>Which of them can be passed is what libtorch 2.10 to 2.14 convert from and to 64 bits; their
 * dispatcher takes dtypes, layouts and memory formats for integers.
 */
public sealed interface ValueType {
    /** A type that is not made of others. */
    enum Plain implements ValueType {
        /** A tensor. */
        TENSOR("Tensor"),
        /** A 64-bit integer, {@code int} or {@code SymInt}. */
        INT("int"),
        /** A double. */
        FLOAT("float"),
        /** A bool. */
        BOOL("bool"),
        /** A string. */
        STRING("str"),
        /** An element type. */
        DTYPE("ScalarType"),
        /** A layout. */
        LAYOUT("Layout"),
        /** A memory format. */
        MEMORY_FORMAT("MemoryFormat"),
        /** A device. */
        DEVICE("Device");

        private final String schemaName;

        Plain(String schemaName) {
            this.schemaName = schemaName;
        }

        @Override
        public String toString() {
            return schemaName;
        }
    }

    /**
     * A value that may be left out.
     *
     * @param inner its type if it is there
     */
    record Maybe(ValueType inner) implements ValueType {
        @Override
        public String toString() {
            return inner + "?";
        }
    }

    /**
     * A list.
     *
     * @param size how many a single value stands for, as in {@code int[2] stride=1}; -1 if it may
     *     not
     */
    record Listing(ValueType element, int size) implements ValueType {
        @Override
        public String toString() {
            return element + (size < 0 ? "[]" : "[" + size + "]");
        }
    }

    /**
     * A type that libtorch has no 64 bits for: a number of unknown kind, a generator, a dictionary,
     * an object.
     */
    record Other(String name) implements ValueType {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Returns whether libtorch passes values of this type on; false for {@link Other} and all that
     * is made of it.
     */
    default boolean isPassable() {
        return switch (this) {
            case Plain _ -> true;
            case Maybe maybe -> maybe.inner.isPassable();
            case Listing list -> list.element.isPassable();
            case Other _ -> false;
        };
    }
}
