package io.github.aoti4j.internal.operators;

/**
 * The type of an operator's argument or result, as its schema names it.
 *
 * <p>Those that can be passed are those that libtorch 2.10 to 2.14 convert from and to 64 bits;
 * their dispatcher takes dtypes, layouts and memory formats for integers.
 */
sealed interface ValueType {
    /** A type that is not made of others. {@code INT} is also {@code SymInt}. */
    enum Plain implements ValueType {
        TENSOR("Tensor"),
        INT("int"),
        FLOAT("float"),
        BOOL("bool"),
        STRING("str"),
        DTYPE("ScalarType"),
        LAYOUT("Layout"),
        MEMORY_FORMAT("MemoryFormat"),
        DEVICE("Device"),

        /** A number of any kind. Only Java gets it in 64 bits: a list of its kind and its bits. */
        SCALAR("Scalar");

        private final String schemaName;

        Plain(String schemaName) {
            this.schemaName = schemaName;
        }

        @Override
        public String toString() {
            return schemaName;
        }
    }

    record OptionalType(ValueType inner) implements ValueType {
        @Override
        public String toString() {
            return inner + "?";
        }
    }

    /**
     * A list. One value stands for {@code size} elements, as in {@code int[2] stride=1}; -1: it may
     * not.
     */
    record ListType(ValueType element, int size) implements ValueType {
        @Override
        public String toString() {
            return element + (size < 0 ? "[]" : "[" + size + "]");
        }
    }

    /** A type that libtorch does not pass in 64 bits, such as a generator or a dictionary. */
    record Other(String name) implements ValueType {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Returns whether libtorch passes values of this type in 64 bits. */
    default boolean isPassable() {
        return isPassableToJava() && !hasScalar();
    }

    private boolean hasScalar() {
        return switch (this) {
            case Plain plain -> plain == Plain.SCALAR;
            case OptionalType optional -> optional.inner.hasScalar();
            case ListType list -> list.element.hasScalar();
            case Other _ -> false;
        };
    }

    /** Returns whether an operator in Java can take values of this type. */
    default boolean isPassableToJava() {
        return switch (this) {
            case Plain _ -> true;
            case OptionalType optional -> optional.inner.isPassableToJava();
            case ListType list -> list.element.isPassableToJava();
            case Other _ -> false;
        };
    }
}
