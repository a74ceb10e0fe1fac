package io.github.aoti4j.batch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;

/** Takes an output apart into one value for each row. */
final class OutputColumn {
    private final OutputPlan plan;
    private final DType dtype;
    private final MemorySegment segment;

    /** Of one row's tensor. */
    private final long[] sizes;

    private final int elements;

    /**
     * Looks at an output.
     *
     * @param arena owns a copy of the elements, if they do not lie in a row
     * @param size of the batch
     */
    OutputColumn(OutputPlan plan, Tensor output, Arena arena, int size) {
        if (output == null) {
            throw wrong(plan, "the model returned None");
        }
        if (output.rank() == 0 || output.size(0) != size) {
            throw wrong(
                    plan,
                    "it is %s, and not one tensor for each of %d rows".formatted(output, size));
        }
        this.plan = plan;
        this.dtype = output.dtype();
        Tensor dense = output.isContiguous() ? output : output.copy(arena);
        this.segment = dense.segment();
        long[] shape = dense.shape();
        this.sizes = java.util.Arrays.copyOfRange(shape, 1, shape.length);
        this.elements = Math.toIntExact(InputTensor.product(sizes));
        plan.requireHolds(dtype);
        plan.requireDepth(sizes.length);
        if (plan.depth() == 0 && plan.element() != Element.BYTES && elements != 1) {
            throw wrong(plan, "a row has %d elements, and the column one".formatted(elements));
        }
    }

    private static AotiException wrong(OutputPlan plan, String why) {
        return new AotiException(
                "output %d cannot be column %s: %s".formatted(plan.index(), plan.column(), why));
    }

    /**
     * Returns a row's value: a {@link Number} or {@link Boolean}, an array of a primitive type, or
     * an array of such.
     */
    Object value(int row) {
        long first = (long) row * elements;
        if (plan.element() == Element.BYTES) {
            byte[] bytes = new byte[Math.multiplyExact(elements, dtype.byteSize())];
            MemorySegment.copy(
                    segment, JAVA_BYTE, first * dtype.byteSize(), bytes, 0, bytes.length);
            return bytes;
        }
        if (plan.depth() == 0) {
            return number(first);
        }
        return plan.depth() == 1 ? array(first, elements) : nested(first, 0, elements);
    }

    private Object nested(long first, int dimension, int count) {
        if (dimension == sizes.length - 1) {
            return array(first, count);
        }
        int size = Math.toIntExact(sizes[dimension]);
        Object[] parts = new Object[size];
        for (int i = 0; i < size; i++) {
            int part = count / size;
            parts[i] = nested(first + (long) i * part, dimension + 1, part);
        }
        return parts;
    }

    private Object number(long i) {
        return switch (plan.element()) {
            case BOOLEAN -> segment.get(JAVA_BYTE, i) != 0;
            case INT8 -> (byte) integer(i);
            case INT16 -> (short) integer(i);
            case INT32 -> (int) integer(i);
            case INT64 -> integer(i);
            case FLOAT32 -> (float) real(i);
            case FLOAT64 -> real(i);
            case BYTES -> throw new IllegalStateException();
        };
    }

    private Object array(long first, int count) {
        Object array = Array.newInstance(type(), count);
        if (isAsItLies()) {
            MemorySegment.copy(segment, layout(), first * dtype.byteSize(), array, 0, count);
            return array;
        }
        switch (array) {
            case boolean[] booleans -> {
                for (int i = 0; i < count; i++) {
                    booleans[i] = segment.get(JAVA_BYTE, first + i) != 0;
                }
            }
            case short[] shorts -> {
                for (int i = 0; i < count; i++) {
                    shorts[i] = (short) integer(first + i);
                }
            }
            case int[] ints -> {
                for (int i = 0; i < count; i++) {
                    ints[i] = (int) integer(first + i);
                }
            }
            case long[] longs -> {
                for (int i = 0; i < count; i++) {
                    longs[i] = integer(first + i);
                }
            }
            case float[] floats -> {
                for (int i = 0; i < count; i++) {
                    floats[i] = (float) real(first + i);
                }
            }
            case double[] doubles -> {
                for (int i = 0; i < count; i++) {
                    doubles[i] = real(first + i);
                }
            }
            default -> throw new IllegalStateException(array.getClass().toString());
        }
        return array;
    }

    private boolean isAsItLies() {
        return switch (plan.element()) {
            case INT8 -> dtype == DType.INT8;
            case INT16 -> dtype == DType.INT16;
            case INT32 -> dtype == DType.INT32;
            case INT64 -> dtype == DType.INT64;
            case FLOAT32 -> dtype == DType.FLOAT32;
            case FLOAT64 -> dtype == DType.FLOAT64;
            case BOOLEAN, BYTES -> false;
        };
    }

    private Class<?> type() {
        return switch (plan.element()) {
            case BOOLEAN -> boolean.class;
            case INT8, BYTES -> byte.class;
            case INT16 -> short.class;
            case INT32 -> int.class;
            case INT64 -> long.class;
            case FLOAT32 -> float.class;
            case FLOAT64 -> double.class;
        };
    }

    private java.lang.foreign.ValueLayout layout() {
        return switch (plan.element()) {
            case INT16 -> JAVA_SHORT;
            case INT32 -> JAVA_INT;
            case INT64 -> JAVA_LONG;
            case FLOAT32 -> JAVA_FLOAT;
            case FLOAT64 -> JAVA_DOUBLE;
            case BOOLEAN, INT8, BYTES -> JAVA_BYTE;
        };
    }

    private long integer(long i) {
        return switch (dtype) {
            case BOOL, INT8 -> segment.get(JAVA_BYTE, i);
            case UINT8 -> segment.get(JAVA_BYTE, i) & 0xFFL;
            case INT16 -> segment.getAtIndex(JAVA_SHORT, i);
            case UINT16 -> segment.getAtIndex(JAVA_SHORT, i) & 0xFFFFL;
            case INT32 -> segment.getAtIndex(JAVA_INT, i);
            case UINT32 -> segment.getAtIndex(JAVA_INT, i) & 0xFFFF_FFFFL;
            case INT64 -> segment.getAtIndex(JAVA_LONG, i);
            default -> throw new IllegalStateException(dtype.torchName());
        };
    }

    private double real(long i) {
        return switch (dtype) {
            case FLOAT32 -> segment.getAtIndex(JAVA_FLOAT, i);
            case FLOAT64 -> segment.getAtIndex(JAVA_DOUBLE, i);
            case FLOAT16 -> Float.float16ToFloat(segment.getAtIndex(JAVA_SHORT, i));
            case BFLOAT16 -> Float.intBitsToFloat(segment.getAtIndex(JAVA_SHORT, i) << 16);
            default -> (double) integer(i);
        };
    }
}
