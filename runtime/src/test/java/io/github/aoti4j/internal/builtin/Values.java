package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.tensor.NarrowFloats;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** What a random tensor holds. */
enum Values {
    /** Between -1 and 1, as many bits as the type has; integers and bool between -8 and 8. */
    SMALL,
    /** Whole numbers between -4 and 4: sums of their products are exact. */
    WHOLE,
    /** The same with some infinities and NaN. */
    INFINITE,
    /** Zero or minus infinity, as often. */
    MASK,
    /** Zeros of both signs, infinities, NaN, denormal and huge numbers among small ones. */
    HOSTILE;

    private static final double[] SPECIAL = {
        0.0,
        -0.0,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        1e-40,
        -1e-40,
        1e-310,
        3e38,
        -3e38,
        1e300,
        65504,
        6e-8
    };

    private double next(Random random) {
        return switch (this) {
            case SMALL -> random.nextDouble() * 2 - 1;
            case WHOLE -> random.nextInt(9) - 4;
            case INFINITE ->
                    random.nextInt(12) == 0
                            ? SPECIAL[2 + random.nextInt(3)]
                            : random.nextInt(9) - 4;
            case MASK -> random.nextBoolean() ? 0 : Double.NEGATIVE_INFINITY;
            case HOSTILE ->
                    random.nextInt(6) == 0
                            ? SPECIAL[random.nextInt(SPECIAL.length)]
                            : random.nextDouble() * 20 - 10;
        };
    }

    /** Fills memory with as many elements as it holds. */
    void fill(MemorySegment memory, DType dtype, long seed) {
        Random random = new Random(seed);
        long count = memory.byteSize() / dtype.byteSize();
        for (long i = 0; i < count; i++) {
            if (dtype.isFloatingPoint()) {
                setFloat(memory, dtype, i, next(random));
            } else {
                setInteger(memory, dtype, i, integer(random, dtype));
            }
        }
    }

    private long integer(Random random, DType dtype) {
        if (dtype == DType.BOOL) {
            return random.nextInt(2);
        }
        if (this == HOSTILE && random.nextInt(4) == 0) {
            return random.nextLong();
        }
        return random.nextLong(17) - 8;
    }

    private static void setInteger(MemorySegment memory, DType dtype, long i, long value) {
        switch (dtype.byteSize()) {
            case 1 -> memory.set(ValueLayout.JAVA_BYTE, i, (byte) value);
            case 2 -> memory.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) value);
            case 4 -> memory.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) value);
            case 8 -> memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, value);
            default -> throw new IllegalArgumentException(dtype.toString());
        }
    }

    private static void setFloat(MemorySegment memory, DType dtype, long i, double value) {
        switch (dtype) {
            case FLOAT64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, value);
            case FLOAT32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) value);
            case FLOAT16, BFLOAT16 ->
                    memory.setAtIndex(
                            ValueLayout.JAVA_SHORT_UNALIGNED,
                            i,
                            NarrowFloats.fromFloat(dtype, (float) value));
            default -> throw new IllegalArgumentException(dtype.toString());
        }
    }

    /** Reads an element of a floating-point type. */
    static double getFloat(MemorySegment memory, DType dtype, long i) {
        return switch (dtype) {
            case FLOAT64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
            case FLOAT32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            default ->
                    NarrowFloats.toFloat(
                            dtype, memory.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
        };
    }

    /** Reads an element of any other type. */
    static long getInteger(MemorySegment memory, DType dtype, long i) {
        return switch (dtype.byteSize()) {
            case 1 -> memory.get(ValueLayout.JAVA_BYTE, i);
            case 2 -> memory.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i);
            case 4 -> memory.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
            case 8 -> memory.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
            default -> throw new IllegalArgumentException(dtype.toString());
        };
    }
}
