package io.github.aoti4j.internal.tensor;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.Arena;
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

/** Makes tensors in CPU memory: of zeros, of Java values, and over memory that is there. */
public final class TensorFactory {
    private TensorFactory() {}

    /** Makes a contiguous tensor of zeros; the shape is copied. */
    public static TensorView zeros(Arena arena, DType dtype, long... shape) {
        requireNonNull(arena, "arena");
        requireNonNull(dtype, "dtype");
        long[] sizes = requireNonNull(shape, "shape").clone();
        return allocate(arena, dtype, sizes, Shapes.contiguousStrides(sizes));
    }

    /** Makes a contiguous tensor of a primitive array of the dtype's own size: one copy. */
    public static TensorView of(Arena arena, DType dtype, MemorySegment data, long... shape) {
        int length = (int) (data.byteSize() / dtype.byteSize());
        TensorView tensor = allocateFor(arena, dtype, length, shape);
        MemorySegment.copy(data, 0, tensor.segment(), 0, data.byteSize());
        return tensor;
    }

    /** Makes a bool tensor: one copy. */
    public static TensorView of(Arena arena, boolean[] data, long... shape) {
        TensorView tensor =
                allocateFor(arena, DType.BOOL, requireNonNull(data, "data").length, shape);
        for (int i = 0; i < data.length; i++) {
            tensor.segment().set(ValueLayout.JAVA_BOOLEAN, i, data[i]);
        }
        return tensor;
    }

    /** Makes a floating-point tensor of floats, converted where the type is another. */
    public static TensorView of(Arena arena, DType dtype, float[] data, long... shape) {
        requireWritable(dtype);
        TensorView tensor = allocateFor(arena, dtype, requireNonNull(data, "data").length, shape);
        write(data, dtype, tensor.segment());
        return tensor;
    }

    /** Makes a float32 tensor of rows. */
    public static TensorView of(Arena arena, float[][] data) {
        int columns = columns(data);
        TensorView tensor = zeros(arena, DType.FLOAT32, data.length, columns);
        for (int i = 0; i < data.length; i++) {
            long at = (long) i * columns * Float.BYTES;
            MemorySegment.copy(data[i], 0, tensor.segment(), ValueLayout.JAVA_FLOAT, at, columns);
        }
        return tensor;
    }

    /** Makes an int64 tensor of rows. */
    public static TensorView of(Arena arena, long[][] data) {
        int columns = columns(data);
        TensorView tensor = zeros(arena, DType.INT64, data.length, columns);
        for (int i = 0; i < data.length; i++) {
            long at = (long) i * columns * Long.BYTES;
            MemorySegment.copy(data[i], 0, tensor.segment(), ValueLayout.JAVA_LONG, at, columns);
        }
        return tensor;
    }

    /** Makes a tensor of what is between a buffer's position and limit: one copy. */
    public static TensorView of(Arena arena, Buffer data, long... shape) {
        TensorView tensor = allocateFor(arena, dtype(data), data.remaining(), shape);
        write(data, tensor.segment());
        return tensor;
    }

    /** Makes a tensor over memory that is there, after checks; arrays are taken over. */
    public static TensorView wrap(
            MemorySegment segment, DType dtype, long[] shape, long[] strides) {
        requireNonNull(segment, "segment");
        requireNonNull(dtype, "dtype");
        if (!segment.isNative()) {
            throw new InvalidInputException(
                    "the segment is on the Java heap, which native code cannot reach: use"
                            + " Tensor.of, or allocate the memory in an Arena");
        }
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        if (segment.byteSize() < bytes) {
            throw new InvalidInputException(
                    "a %s tensor of shape %s and strides %s spans %d bytes, but the segment has %d"
                            .formatted(
                                    dtype.torchName(),
                                    Shapes.toString(shape),
                                    Shapes.toString(strides),
                                    bytes,
                                    segment.byteSize()));
        }
        requireAligned(segment, dtype);
        return new TensorView(dtype, shape, strides, segment.asSlice(0, bytes));
    }

    /** Refuses an address that elements of the type cannot have. */
    public static void requireAligned(MemorySegment segment, DType dtype) {
        int alignment = dtype.isComplex() ? dtype.byteSize() / 2 : dtype.byteSize();
        if (segment.address() % alignment != 0) {
            throw new InvalidInputException(
                    "the segment's address is not a multiple of %d, as %s requires"
                            .formatted(alignment, dtype.torchName()));
        }
    }

    /** Copies the elements into fresh contiguous memory, whatever the strides. */
    public static TensorView copy(TensorView source, Arena arena) {
        source.requireReadable();
        TensorView copy = zeros(arena, source.dtype(), source.shape());
        StridedCopy.gather(
                source.segment(),
                source.shape(),
                source.strides(),
                source.dtype().byteSize(),
                copy.segment());
        return copy;
    }

    /** Copies the elements into fresh memory with other strides, which are copied. */
    public static TensorView copy(TensorView source, Arena arena, long[] newStrides) {
        requireNonNull(arena, "arena");
        source.requireReadable();
        long[] strides = requireNonNull(newStrides, "newStrides").clone();
        TensorView copy = allocate(arena, source.dtype(), source.shape(), strides);
        StridedCopy.copy(
                source.segment(),
                source.shape(),
                source.strides(),
                source.dtype().byteSize(),
                copy.segment(),
                strides);
        return copy;
    }

    private static TensorView allocateFor(Arena arena, DType dtype, int length, long... shape) {
        requireNonNull(arena, "arena");
        long[] sizes = requireNonNull(shape, "shape").clone();
        long[] strides = Shapes.contiguousStrides(sizes);
        long bytes = Shapes.spanBytes(sizes, strides, dtype.byteSize());
        if (bytes != (long) length * dtype.byteSize()) {
            throw new InvalidInputException(
                    sizes.length == 0
                            ? "no shape is given, which is that of a single number, but the array has %1$d elements: give a shape, such as of(arena, data, %1$d)"
                                    .formatted(length)
                            : "shape %s holds %d elements, but the array has %d"
                                    .formatted(
                                            Shapes.toString(sizes),
                                            bytes / dtype.byteSize(),
                                            length));
        }
        return allocate(arena, dtype, sizes, strides);
    }

    /** What an arena of the caller's own making gives need not be what it was asked for. */
    private static TensorView allocate(Arena arena, DType dtype, long[] shape, long[] strides) {
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        MemorySegment memory = arena.allocate(bytes, TensorView.ALIGNMENT);
        if (!memory.isNative()
                || memory.byteSize() < bytes
                || memory.address() % TensorView.ALIGNMENT != 0
                || memory.isReadOnly()) {
            throw new InvalidInputException(
                    "the arena gave %s where %d bytes of native memory, aligned to %d, were asked for"
                            .formatted(memory, bytes, TensorView.ALIGNMENT));
        }
        return new TensorView(
                dtype,
                shape,
                strides,
                memory.byteSize() == bytes ? memory : memory.asSlice(0, bytes));
    }

    /** Writes floats as a floating-point type. */
    private static void write(float[] data, DType dtype, MemorySegment target) {
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
    private static void requireWritable(DType dtype) {
        switch (requireNonNull(dtype, "dtype")) {
            case FLOAT16, BFLOAT16, FLOAT32, FLOAT64 -> {}
            default ->
                    throw new InvalidInputException(
                            "floats are not converted to %s, but to float16, bfloat16, float32 and float64: use an array of another type, or wrap memory"
                                    .formatted(dtype.torchName()));
        }
    }

    /** Returns how long all rows are; refuses rows of several lengths. */
    private static int columns(Object[] rows) {
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
    private static DType dtype(Buffer buffer) {
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
    private static void write(Buffer buffer, MemorySegment target) {
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
