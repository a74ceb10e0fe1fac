package io.github.aoti4j.internal.cpp;

import java.util.Locale;

/**
 * A size or stride as an expression over the sizes and strides of a model's inputs.
 *
 * <p>Evaluating one allocates nothing and follows C++: 64-bit integers wrap, {@code /} and {@code
 * %} truncate, a real number becomes an integer by truncation. The values of symbols stand in an
 * array that the caller owns; see {@link SizeSymbol#slot()}.
 */
public sealed interface SizeExpression {
    /** Returns whether the value can be computed; one that cannot is never checked. */
    default boolean isKnown() {
        return true;
    }

    /** Returns whether the value is a C++ {@code double}. */
    default boolean isReal() {
        return false;
    }

    /** Returns whether the value can be computed and is an integer. */
    default boolean isInteger() {
        return isKnown() && !isReal();
    }

    /**
     * Computes the value as an integer.
     *
     * @throws ArithmeticException if an integer is divided by zero
     */
    long toLong(long[] slots);

    /**
     * Computes the value as a real number.
     *
     * @throws ArithmeticException if an integer is divided by zero
     */
    default double toDouble(long[] slots) {
        return toLong(slots);
    }

    /** Returns the expression in Python's notation, such as {@code 1 + 2*s0}. */
    String text();

    /** The outermost operator's: 1 for sums, 2 for products, 3 for what needs no parentheses. */
    default int precedence() {
        return 3;
    }

    /** An integer. */
    record Literal(long value) implements SizeExpression {
        @Override
        public long toLong(long[] slots) {
            return value;
        }

        @Override
        public String text() {
            return Long.toString(value);
        }

        @Override
        public int precedence() {
            return value < 0 ? 1 : 3;
        }
    }

    /** A real number: PyTorch divides a size by multiplying with {@code (1.0/2.0)}. */
    record Real(double value) implements SizeExpression {
        @Override
        public boolean isReal() {
            return true;
        }

        @Override
        public long toLong(long[] slots) {
            return (long) value;
        }

        @Override
        public double toDouble(long[] slots) {
            return value;
        }

        @Override
        public String text() {
            return value == Math.rint(value) && Math.abs(value) < 1e15
                    ? Long.toString((long) value)
                    : Double.toString(value);
        }
    }

    /** A symbol of the source, such as {@code s77}. */
    record Symbol(String name, int slot) implements SizeExpression {
        @Override
        public long toLong(long[] slots) {
            return slots[slot];
        }

        @Override
        public String text() {
            return name;
        }
    }

    record Unary(Function function, SizeExpression operand) implements SizeExpression {
        public enum Function {
            NEGATE,
            /** {@code static_cast<int64_t>}: truncates. */
            TO_INTEGER,
            /** {@code static_cast<double>}. */
            TO_REAL,
            FLOOR,
            CEIL,
            TRUNC,
            ABS
        }

        @Override
        public boolean isReal() {
            return switch (function) {
                case NEGATE, ABS -> operand.isReal();
                case TO_INTEGER -> false;
                case TO_REAL, FLOOR, CEIL, TRUNC -> true;
            };
        }

        @Override
        public long toLong(long[] slots) {
            if (isReal()) {
                return (long) toDouble(slots);
            }
            long value = operand.toLong(slots);
            return switch (function) {
                case NEGATE -> -value;
                case ABS -> Math.abs(value);
                default -> value;
            };
        }

        @Override
        public double toDouble(long[] slots) {
            if (!isReal()) {
                return toLong(slots);
            }
            double value = operand.toDouble(slots);
            return switch (function) {
                case NEGATE -> -value;
                case ABS -> Math.abs(value);
                case FLOOR -> Math.floor(value);
                case CEIL -> Math.ceil(value);
                case TRUNC -> value < 0 ? Math.ceil(value) : Math.floor(value);
                case TO_INTEGER, TO_REAL -> value;
            };
        }

        @Override
        public String text() {
            return switch (function) {
                case TO_INTEGER, TO_REAL -> operand.text();
                case NEGATE ->
                        operand.precedence() < 3
                                ? "-(" + operand.text() + ")"
                                : "-" + operand.text();
                default -> function.name().toLowerCase(Locale.ROOT) + "(" + operand.text() + ")";
            };
        }

        @Override
        public int precedence() {
            return switch (function) {
                case TO_INTEGER, TO_REAL -> operand.precedence();
                case NEGATE -> 1;
                default -> 3;
            };
        }
    }

    record Binary(Operator operator, SizeExpression left, SizeExpression right)
            implements SizeExpression {
        public enum Operator {
            ADD(" + ", 1),
            SUBTRACT(" - ", 1),
            MULTIPLY("*", 2),
            /** {@code /}: truncates between integers. */
            DIVIDE("/", 2),
            /** {@code %}: the sign of the dividend. */
            REMAINDER(" % ", 2),
            /** {@code c10::div_floor_integer}: rounds down; 0 when divided by zero. */
            FLOOR_DIVIDE("//", 2),
            /** {@code c10::div_mod}: the sign of the divisor. */
            FLOOR_MODULO(" % ", 2),
            SHIFT_LEFT(" << ", 0),
            MIN("min", 3),
            MAX("max", 3);

            private final String text;
            private final int precedence;

            Operator(String text, int precedence) {
                this.text = text;
                this.precedence = precedence;
            }

            /** Whether C++ has no such operation on real numbers. */
            boolean isForIntegers() {
                return this == REMAINDER || this == FLOOR_MODULO || this == SHIFT_LEFT;
            }
        }

        @Override
        public boolean isReal() {
            return left.isReal() || right.isReal();
        }

        @Override
        public long toLong(long[] slots) {
            if (isReal()) {
                return (long) toDouble(slots);
            }
            long a = left.toLong(slots);
            long b = right.toLong(slots);
            return switch (operator) {
                case ADD -> a + b;
                case SUBTRACT -> a - b;
                case MULTIPLY -> a * b;
                case DIVIDE -> a / b;
                case REMAINDER -> a % b;
                case FLOOR_DIVIDE -> b == 0 ? 0 : Math.floorDiv(a, b);
                case FLOOR_MODULO -> Math.floorMod(a, b);
                case SHIFT_LEFT -> a << b;
                case MIN -> Math.min(a, b);
                case MAX -> Math.max(a, b);
            };
        }

        @Override
        public double toDouble(long[] slots) {
            if (!isReal()) {
                return toLong(slots);
            }
            double a = left.toDouble(slots);
            double b = right.toDouble(slots);
            return switch (operator) {
                case ADD -> a + b;
                case SUBTRACT -> a - b;
                case MULTIPLY -> a * b;
                case DIVIDE -> a / b;
                case MIN -> Math.min(a, b);
                case MAX -> Math.max(a, b);
                case FLOOR_DIVIDE -> Math.floor(a / b);
                case REMAINDER, FLOOR_MODULO, SHIFT_LEFT ->
                        throw new ArithmeticException(operator + " of a real number");
            };
        }

        @Override
        public String text() {
            if (operator.precedence == 3) {
                return operator.text + "(" + left.text() + ", " + right.text() + ")";
            }
            return wrap(left, operator.precedence)
                    + operator.text
                    + wrap(right, operator.precedence + (associative() ? 0 : 1));
        }

        private boolean associative() {
            return operator == Operator.ADD
                    || (operator == Operator.MULTIPLY
                            && !(right instanceof Binary(Operator inner, var _, var _)
                                    && inner != Operator.MULTIPLY));
        }

        private static String wrap(SizeExpression operand, int precedence) {
            return operand.precedence() < precedence ? "(" + operand.text() + ")" : operand.text();
        }

        @Override
        public int precedence() {
            return operator.precedence;
        }
    }

    /**
     * What the source does not say, or says in a way that is not understood.
     *
     * @param text what the source says; empty if nothing
     */
    record Unknown(String text) implements SizeExpression {
        /** The source says nothing. */
        public static final Unknown NOTHING = new Unknown("");

        @Override
        public boolean isKnown() {
            return false;
        }

        @Override
        public long toLong(long[] slots) {
            throw new IllegalStateException("not computable: " + text);
        }
    }
}
