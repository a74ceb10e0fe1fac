package io.github.aoti4j.batch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Writes the rows' values of one input into native memory, row after row. A row is one number
 * ({@link #put}), bytes ({@link #putBytes}), or a list ({@link #beginList}) of numbers or lists;
 * after {@link #beginList} as many values follow as it was told.
 */
public final class InputWriter implements AutoCloseable {
    private final InputPlan plan;
    private final InputTensor input;
    private final NullRule nulls;
    private final DType dtype;
    private final NativeBuffer buffer = new NativeBuffer();
    private MemorySegment segment = buffer.segment();

    /** The sizes of the rows of this batch, and of the row that is being written. */
    private long[] batchSizes;

    private final long[] planned;
    private final long[] rowSizes;

    private int level;
    private long start;
    private long position;

    /** The bytes of the row that begins the next batch; null if there is none. */
    private byte[] held;

    /** What {@link #tensor} returned last. */
    private Tensor tensor;

    InputWriter(InputPlan plan, NullRule nulls, int rows) {
        this.plan = plan;
        this.nulls = nulls;
        this.input = plan.tensor();
        this.dtype = input.dtype();
        this.planned = input.sizesOfRow();
        this.rowSizes = planned.clone();
        long elements = input.elements();
        if (elements != InputTensor.ANY) {
            require(
                    Math.multiplyExact(
                            Math.multiplyExact(elements, dtype.byteSize()), (long) rows));
        }
    }

    /** {@return the plan that this follows} */
    public InputPlan plan() {
        return plan;
    }

    void beginRow() {
        start = position;
        level = 0;
        System.arraycopy(planned, 0, rowSizes, 0, rowSizes.length);
    }

    /** Forgets what has been written of the current row. */
    void dropRow() {
        position = start;
    }

    /** Returns whether the row can be in a batch with those before it. */
    boolean fits() {
        return batchSizes == null || Arrays.equals(batchSizes, rowSizes);
    }

    /** The row is one of the batch. */
    void endRow() {
        if (batchSizes == null) {
            batchSizes = rowSizes.clone();
        }
    }

    /** The row is one of the next batch. */
    void holdRow() {
        held = segment.asSlice(start, position - start).toArray(JAVA_BYTE);
    }

    /** Begins the next batch, with the row that was held. */
    void nextBatch() {
        position = 0;
        batchSizes = null;
        if (held != null) {
            MemorySegment.copy(held, 0, segment, JAVA_BYTE, 0, held.length);
            position = held.length;
            batchSizes = rowSizes.clone();
            held = null;
        }
    }

    /**
     * Returns the batch.
     *
     * @param rows that have been written
     * @param size of the batch, at least as many: the last row is repeated
     */
    Tensor tensor(int rows, int size) {
        long rowBytes = InputTensor.product(batchSizes) * dtype.byteSize();
        require(rowBytes * size);
        for (int row = rows; row < size; row++) {
            MemorySegment.copy(segment, (rows - 1) * rowBytes, segment, row * rowBytes, rowBytes);
        }
        long[] shape = new long[batchSizes.length + 1];
        shape[0] = size;
        System.arraycopy(batchSizes, 0, shape, 1, batchSizes.length);
        if (tensor == null
                || tensor.segment().address() != segment.address()
                || !Arrays.equals(tensor.shape(), shape)) {
            tensor = Tensor.wrap(segment.asSlice(0, rowBytes * size), dtype, shape);
        }
        return tensor;
    }

    private void require(long bytes) {
        segment = buffer.require(bytes);
    }

    private void requireMore(long bytes) {
        if (position + bytes > segment.byteSize()) {
            require(position + bytes);
        }
    }

    /**
     * Begins a list.
     *
     * @param size how many values follow
     */
    public void beginList(int size) {
        if (plan.flat()) {
            requireFlat(size);
        } else {
            requireLevel();
            if (rowSizes[level] == InputTensor.ANY) {
                rowSizes[level] = size;
            } else if (rowSizes[level] != size) {
                throw new InvalidInputException(
                        "%d elements where %d are wanted (dimension %d of %s)"
                                .formatted(size, rowSizes[level], level, input.shape()));
            }
        }
        level++;
        requireMore((long) size * dtype.byteSize());
    }

    private void requireLevel() {
        if (level >= rowSizes.length) {
            throw new InvalidInputException("arrays are nested deeper than " + input.shape());
        }
    }

    private void requireFlat(long size) {
        long wanted = input.elements();
        if (size != wanted) {
            throw new InvalidInputException(
                    "%d elements where %s has %d".formatted(size, input.shape(), wanted));
        }
    }

    /** Ends the list. */
    public void endList() {
        level--;
    }

    /**
     * Writes an integer.
     *
     * @param value of a column of integers
     */
    public void put(long value) {
        requireMore(dtype.byteSize());
        switch (dtype) {
            case FLOAT32 -> segment.set(JAVA_FLOAT, position, (float) value);
            case FLOAT64 -> segment.set(JAVA_DOUBLE, position, (double) value);
            case FLOAT16, BFLOAT16 -> segment.set(JAVA_SHORT, position, narrow((float) value));
            case INT64 -> segment.set(JAVA_LONG, position, value);
            case INT32 -> segment.set(JAVA_INT, position, (int) value);
            case INT16 -> segment.set(JAVA_SHORT, position, (short) value);
            case INT8, BOOL -> segment.set(JAVA_BYTE, position, (byte) value);
            case UINT8 -> segment.set(JAVA_BYTE, position, (byte) unsigned(value, 0xFFL));
            case UINT16 -> segment.set(JAVA_SHORT, position, (short) unsigned(value, 0xFFFFL));
            case UINT32 -> segment.set(JAVA_INT, position, (int) unsigned(value, 0xFFFF_FFFFL));
            default -> throw new IllegalStateException(dtype.torchName());
        }
        position += dtype.byteSize();
    }

    private long unsigned(long value, long most) {
        if (value < 0 || value > most) {
            throw new InvalidInputException(
                    "%d is no %s: 0 to %d are".formatted(value, dtype.torchName(), most));
        }
        return value;
    }

    /**
     * Writes a floating-point number.
     *
     * @param value of a column of floating-point numbers
     */
    public void put(double value) {
        requireMore(dtype.byteSize());
        switch (dtype) {
            case FLOAT32 -> segment.set(JAVA_FLOAT, position, (float) value);
            case FLOAT64 -> segment.set(JAVA_DOUBLE, position, value);
            case FLOAT16, BFLOAT16 -> segment.set(JAVA_SHORT, position, narrow((float) value));
            default -> throw new IllegalStateException(dtype.torchName());
        }
        position += dtype.byteSize();
    }

    private short narrow(float value) {
        return dtype == DType.FLOAT16 ? Float.floatToFloat16(value) : bfloat16(value);
    }

    /** Rounds to the nearest, of two equally near ones to the even one; NaN stays NaN. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /**
     * Writes a list of floating-point numbers.
     *
     * @param values all of them
     */
    public void putDoubles(double[] values) {
        beginList(values.length);
        if (dtype == DType.FLOAT64) {
            MemorySegment.copy(values, 0, segment, JAVA_DOUBLE, position, values.length);
            position += (long) values.length * Double.BYTES;
        } else {
            for (double value : values) {
                put(value);
            }
        }
        endList();
    }

    /**
     * Writes the bytes of all elements of the row's tensor.
     *
     * @param bytes row-major, little-endian
     */
    public void putBytes(byte[] bytes) {
        long known = dtype.byteSize();
        int open = -1;
        for (int d = 0; d < rowSizes.length; d++) {
            if (rowSizes[d] == InputTensor.ANY) {
                open = d;
            } else {
                known *= rowSizes[d];
            }
        }
        if (open >= 0 && known > 0 && bytes.length % known == 0) {
            rowSizes[open] = bytes.length / known;
        } else if (open >= 0 || bytes.length != known) {
            throw new InvalidInputException(
                    "%d bytes where %s %s has %s%d"
                            .formatted(
                                    bytes.length,
                                    dtype.torchName(),
                                    input.shape(),
                                    open < 0 ? "" : "a multiple of ",
                                    known));
        }
        requireMore(bytes.length);
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, position, bytes.length);
        position += bytes.length;
    }

    /** Writes what stands for a null: a number, or all of a list. */
    public void putNull() {
        switch (nulls.action()) {
            case FAIL ->
                    throw new InvalidInputException(
                            level == 0 ? "is null" : "has a null among its elements");
            case SKIP, KEEP -> throw new NullInRow();
            case REPLACE -> replaceNull();
        }
    }

    private void replaceNull() {
        long count = 1;
        int from = plan.flat() && level > 0 ? rowSizes.length : level;
        for (int d = from; d < rowSizes.length; d++) {
            if (rowSizes[d] == InputTensor.ANY) {
                throw new InvalidInputException(
                        "is null, and no value can stand for it, because a row of %s may have any size"
                                .formatted(input.shape()));
            }
            count *= rowSizes[d];
        }
        for (long i = 0; i < count; i++) {
            if (dtype.isFloatingPoint()) {
                put(nulls.value());
            } else {
                put((long) nulls.value());
            }
        }
    }

    @Override
    public void close() {
        buffer.close();
    }
}
