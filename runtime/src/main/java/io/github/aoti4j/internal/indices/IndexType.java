package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;

/** The types of elements that an index is read from. */
enum IndexType {
    INT64("int64_t", 64),
    INT32("int32_t", 32),
    INT16("int16_t", 16),
    INT8("int8_t", 8),
    UINT8("uint8_t", 8);

    private final String cppName;
    private final int bits;

    IndexType(String cppName, int bits) {
        this.cppName = cppName;
        this.bits = bits;
    }

    /** Returns the type of that name, or null. */
    static IndexType of(String cppName) {
        for (IndexType type : values()) {
            if (type.cppName.equals(cppName)) {
                return type;
            }
        }
        return null;
    }

    int byteSize() {
        return bits / 8;
    }

    /** Whether a number is known to be a value of this type. */
    boolean holds(SizeExpression number) {
        return number instanceof SizeExpression.Literal(long value)
                && value >= 0
                && value < 1L << (bits - 1);
    }

    /** Whether each value of this type is one of the other. */
    boolean fits(IndexType wider) {
        return this == wider || (bits < wider.bits && wider != UINT8);
    }
}
