package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.NarrowFloats;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/** Writes Java values into the memory of new tensors. */
final class TensorWriter {
    private TensorWriter() {}

    /** Writes floats as a floating-point type. */
    static void write(float[] data, DType dtype, MemorySegment target) {
        switch (dtype) {
            case FLOAT32 ->
                    MemorySegment.copy(data, 0, target, ValueLayout.JAVA_FLOAT, 0, data.length);
            case FLOAT64 -> {
                for (int i = 0; i < data.length; i++) {
                    target.setAtIndex(ValueLayout.JAVA_DOUBLE, i, data[i]);
                }
            }
            default -> {
                for (int i = 0; i < data.length; i++) {
                    short bits = NarrowFloats.fromFloat(dtype, data[i]);
                    target.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
                }
            }
        }
    }

    /** Refuses types that floats are not converted to. */
    static void requireWritable(DType dtype) {
        switch (requireNonNull(dtype, "dtype")) {
            case FLOAT16, BFLOAT16, FLOAT32, FLOAT64 -> {}
            default ->
                    throw new InvalidInputException(
                            "floats are not converted to %s, but to float16, bfloat16, float32 and float64: use an array of another type, or wrap memory"
                                    .formatted(dtype.torchName()));
        }
    }

    /** Returns how long all rows are; refuses rows of several lengths. */
    static int columns(Object[] rows) {
        int columns = -1;
        for (int i = 0; i < requireNonNull(rows, "data").length; i++) {
            int length = Array.getLength(requireNonNull(rows[i], "data[" + i + "]"));
            if (i > 0 && length != columns) {
                throw new InvalidInputException(
                        "row %d has %d elements, but the rows before it have %d: rows of a tensor are equally long"
                                .formatted(i, length, columns));
            }
            columns = length;
        }
        return Math.max(columns, 0);
    }

    /** Returns the type of the elements of a buffer. */
    static DType dtype(Buffer buffer) {
        return switch (requireNonNull(buffer, "data")) {
            case FloatBuffer _ -> DType.FLOAT32;
            case DoubleBuffer _ -> DType.FLOAT64;
            case LongBuffer _ -> DType.INT64;
            case IntBuffer _ -> DType.INT32;
            case ShortBuffer _ -> DType.INT16;
            case ByteBuffer _ -> DType.INT8;
            default ->
                    throw new InvalidInputException(
                            "no element type holds chars: give a buffer of numbers");
        };
    }

    /** Writes what is between a buffer's position and limit; the buffer stays as it is. */
    static void write(Buffer buffer, MemorySegment target) {
        MemorySegment source = MemorySegment.ofBuffer(buffer);
        int count = buffer.remaining();
        switch (buffer) {
            case FloatBuffer b -> {
                var from = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(b.order());
                MemorySegment.copy(source, from, 0, target, ValueLayout.JAVA_FLOAT, 0, count);
            }
            case DoubleBuffer b -> {
                var from = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(b.order());
                MemorySegment.copy(source, from, 0, target, ValueLayout.JAVA_DOUBLE, 0, count);
            }
            case LongBuffer b -> {
                var from = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(b.order());
                MemorySegment.copy(source, from, 0, target, ValueLayout.JAVA_LONG, 0, count);
            }
            case IntBuffer b -> {
                var from = ValueLayout.JAVA_INT_UNALIGNED.withOrder(b.order());
                MemorySegment.copy(source, from, 0, target, ValueLayout.JAVA_INT, 0, count);
            }
            case ShortBuffer b -> {
                var from = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(b.order());
                MemorySegment.copy(source, from, 0, target, ValueLayout.JAVA_SHORT, 0, count);
            }
            default -> MemorySegment.copy(source, 0, target, 0, count);
        }
    }
}
