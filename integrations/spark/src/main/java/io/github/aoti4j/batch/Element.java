package io.github.aoti4j.batch;

import io.github.aoti4j.core.DType;

import java.util.Optional;

/** What a column's elements are in Java. */
public enum Element {
    /** {@code boolean}. */
    BOOLEAN,
    /** {@code byte}. */
    INT8,
    /** {@code short}. */
    INT16,
    /** {@code int}. */
    INT32,
    /** {@code long}. */
    INT64,
    /** {@code float}. */
    FLOAT32,
    /** {@code double}. */
    FLOAT64,
    /** All elements of a row's tensor, row-major, in one {@code byte[]}: little-endian. */
    BYTES;

    /** How a conversion treats values. */
    public enum Conversion {
        /** Every value is kept. */
        EXACT,
        /** Values that the dtype does not have are refused, each when it comes. */
        CHECKED,
        /** Values are rounded to the nearest one. */
        ROUNDED,
        /** There is none. */
        NONE
    }

    /** Says what becomes of this column's elements in a tensor of a dtype. */
    public Conversion to(DType dtype) {
        if (this == BYTES) {
            return Conversion.EXACT;
        }
        return switch (dtype) {
            case FLOAT64 -> this == INT64 ? Conversion.ROUNDED : Conversion.EXACT;
            case FLOAT32 -> exactIf(this == FLOAT32 || isUpTo(INT16));
            case FLOAT16 -> exactIf(isUpTo(INT8));
            case BFLOAT16 -> exactIf(isUpTo(INT8));
            case INT64 -> integerUpTo(INT64);
            case INT32 -> integerUpTo(INT32);
            case INT16 -> integerUpTo(INT16);
            case INT8 -> integerUpTo(INT8);
            case UINT8 -> checkedUpTo(INT16);
            case UINT16 -> checkedUpTo(INT32);
            case UINT32 -> checkedUpTo(INT64);
            case BOOL -> this == BOOLEAN ? Conversion.EXACT : Conversion.NONE;
            default -> Conversion.NONE;
        };
    }

    private boolean isUpTo(Element widest) {
        return compareTo(widest) <= 0;
    }

    private static Conversion exactIf(boolean exact) {
        return exact ? Conversion.EXACT : Conversion.ROUNDED;
    }

    private Conversion integerUpTo(Element widest) {
        return isUpTo(widest) ? Conversion.EXACT : Conversion.NONE;
    }

    private Conversion checkedUpTo(Element widest) {
        return this == BOOLEAN
                ? Conversion.EXACT
                : isUpTo(widest) ? Conversion.CHECKED : Conversion.NONE;
    }

    /**
     * Returns the elements that hold all values of a dtype.
     *
     * @return empty if no number of Java does: complex numbers, uint64, floats of eight bits
     */
    public static Optional<Element> of(DType dtype) {
        return switch (dtype) {
            case BOOL -> Optional.of(BOOLEAN);
            case INT8 -> Optional.of(INT8);
            case INT16, UINT8 -> Optional.of(INT16);
            case INT32, UINT16 -> Optional.of(INT32);
            case INT64, UINT32 -> Optional.of(INT64);
            case FLOAT16, BFLOAT16, FLOAT32 -> Optional.of(FLOAT32);
            case FLOAT64 -> Optional.of(FLOAT64);
            default -> Optional.empty();
        };
    }

    /** Returns whether a column of these elements holds all values of a dtype. */
    public boolean holds(DType dtype) {
        if (this == BYTES) {
            return true;
        }
        Optional<Element> needed = of(dtype);
        return needed.isPresent()
                && switch (needed.get()) {
                    case BOOLEAN -> this == BOOLEAN;
                    case INT8, INT16 -> needed.get().isUpTo(this);
                    case INT32 -> this == INT32 || this == INT64 || this == FLOAT64;
                    case INT64 -> this == INT64;
                    case FLOAT32 -> this == FLOAT32 || this == FLOAT64;
                    case FLOAT64 -> this == FLOAT64;
                    case BYTES -> false;
                };
    }
}
