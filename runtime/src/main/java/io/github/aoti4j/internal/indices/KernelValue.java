package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;

import java.util.Map;

/**
 * What a variable of a generated kernel holds, as far as it matters to a check of an index. Other
 * values are not understood, and neither is a check of them.
 */
sealed interface KernelValue {
    /** The types of elements that an index is read from, by their names in C++. */
    Map<String, DType> TYPES =
            Map.of(
                    "int64_t", DType.INT64,
                    "int32_t", DType.INT32,
                    "int16_t", DType.INT16,
                    "int8_t", DType.INT8,
                    "uint8_t", DType.UINT8);

    /** Of the nodes of a sum. */
    int MAX_NODES = 200;

    /**
     * A read of one element, or of one for each lane of a vector.
     *
     * @param index the element's index, in loop variables and parameters
     * @param lane the loop over the lanes, whose variable is in the index; null for one element
     */
    record Load(int parameter, DType type, SizeExpression index, KernelLoop lane) {}

    /** An element with something added to it. A shift other than 0 was added in 64 bits. */
    record Element(Load load, DType type, SizeExpression shift) implements KernelValue {}

    /**
     * An index counted from the end where it is negative: {@code v < 0 ? v + size : v}, with {@code
     * v} the element plus a shift.
     */
    record Wrapped(Element element, SizeExpression size) implements KernelValue {}

    /** Whether an element is below 0. */
    record Negative(Element element) implements KernelValue {}

    /** A number that does not depend on data: of loop variables and parameters. */
    record Size(SizeExpression expression) implements KernelValue {}

    /** Something between two numbers, whatever the data. */
    record Bounded(long min, long max) implements KernelValue {
        /** Any number. */
        static final Bounded ANY = new Bounded(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    /** An unknown one of the elements that a parameter points to. */
    record SomeElement(int parameter) implements KernelValue {}

    /** Returns the loop over the lanes that a value was read in, or null. */
    default KernelLoop lane() {
        return switch (this) {
            case Element(var load, var _, var _) -> load.lane();
            case Wrapped(var element, var _) -> element.lane();
            case Negative(var element) -> element.lane();
            case Size _, Bounded _, SomeElement _ -> null;
        };
    }

    /** Converts the value to a type; null if that may change it. */
    default KernelValue convert(DType to) {
        return switch (this) {
            case Element(var load, var type, var shift) ->
                    fits(type, to) ? new Element(load, to, shift) : null;
            case Wrapped(Element element, var _) -> fits(element.type(), to) ? this : null;
            case Size(var number) -> to == DType.INT64 || holds(to, number) ? this : null;
            case Bounded _, SomeElement _ -> to == DType.INT64 ? this : null;
            case Negative _ -> null;
        };
    }

    /** Whether each value of a type is one of another. */
    private static boolean fits(DType type, DType wider) {
        return type == wider || type.byteSize() < wider.byteSize();
    }

    /** Whether a number is known to be a value of a type. */
    private static boolean holds(DType type, SizeExpression number) {
        return number instanceof Literal(long value)
                && value >= 0
                && value < 1L << (type.byteSize() * 8 - 1);
    }

    /** The sum of two values, or null. */
    static KernelValue add(KernelValue a, KernelValue b) {
        if (a instanceof Size(var x) && b instanceof Size(var y)) {
            // Sums of sums of the same number can be far larger than the source.
            var sum = new Binary(Binary.Operator.ADD, x, y);
            return Affine.rest(sum, MAX_NODES) > 0 ? new Size(sum) : null;
        }
        if (a instanceof Size && b instanceof Element) {
            return add(b, a);
        }
        if (a instanceof Element(var load, var type, var shift)
                && b instanceof Size(var added)
                && type == DType.INT64) {
            var sum = sum(shift, added);
            return sum == null ? null : new Element(load, type, sum);
        }
        return null;
    }

    /** {@code condition ? yes : no}, or null. */
    static KernelValue select(KernelValue condition, KernelValue yes, KernelValue no) {
        if (condition instanceof Negative(Element tested)
                && no instanceof Element element
                && yes instanceof Element(var load, var type, var shift)
                && tested.load().equals(element.load())
                && load.equals(element.load())
                && type == DType.INT64
                && tested.shift().equals(element.shift())) {
            var size = difference(shift, element.shift());
            return size == null ? null : new Wrapped(element, size);
        }
        return null;
    }

    private static SizeExpression sum(SizeExpression a, SizeExpression b) {
        if (isZero(a)) {
            return b;
        }
        return a instanceof Literal(long x) && b instanceof Literal(long y)
                ? new Literal(x + y)
                : null;
    }

    private static SizeExpression difference(SizeExpression a, SizeExpression b) {
        if (isZero(b)) {
            return a;
        }
        return a instanceof Literal(long x) && b instanceof Literal(long y)
                ? new Literal(x - y)
                : null;
    }

    static boolean isZero(SizeExpression expression) {
        return expression instanceof Literal(long value) && value == 0;
    }
}
