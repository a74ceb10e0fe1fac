package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.stub.TensorRecord;
import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;

/**
 * Tensors as native records. A handle is the address of a record, which machine code of the stub
 * library reads, too: {@link TensorRecord} is its layout.
 *
 * <p>All functions take and return primitives, and make no object unless they fail. Sizes and
 * strides are counted in elements.
 */
public final class Tensors {
    private static final int DATA = TensorRecord.DATA;
    private static final int RANK = TensorRecord.RANK;
    private static final int SIZES = TensorRecord.SIZES;
    private static final int STRIDES = TensorRecord.STRIDES;
    private static final int OFFSET = TensorRecord.OFFSET;
    private static final int DTYPE = TensorRecord.DTYPE;
    static final int STATE = TensorRecord.STATE;
    private static final int STORAGE = TensorRecord.STORAGE;
    private static final int COUNT = TensorRecord.COUNT;
    private static final int STORAGE_BYTES = TensorRecord.STORAGE_BYTES;

    /** What owns the record: a number. */
    public static final int OWNER = TensorRecord.END;

    /** Room for the sizes of tensors of at most {@link #INLINE_RANK} dimensions. */
    public static final int INLINE_SIZES = 96;

    public static final int INLINE_RANK = 10;

    public static final int INLINE_STRIDES = INLINE_SIZES + INLINE_RANK * Long.BYTES;

    public static final int BYTES = INLINE_STRIDES + INLINE_RANK * Long.BYTES;

    static final int FREE = TensorRecord.FREE;
    static final int LIVE = TensorRecord.LIVE;
    static final int UNDEFINED = TensorRecord.UNDEFINED;

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Tensors() {}

    /**
     * Fails unless a handle is a tensor's.
     *
     * @param what the argument's name, for the message
     */
    public static void require(long tensor, String what) {
        if (!Records.isLive(tensor)) {
            throw new BuiltInFailure("%s is no tensor: 0x%x".formatted(what, tensor));
        }
    }

    public static long data(long tensor) {
        return MEMORY.get(JAVA_LONG, tensor + DATA);
    }

    public static int rank(long tensor) {
        return (int) MEMORY.get(JAVA_LONG, tensor + RANK);
    }

    public static int dtype(long tensor) {
        return MEMORY.get(JAVA_INT, tensor + DTYPE);
    }

    /** Returns the number of elements. */
    public static long count(long tensor) {
        return MEMORY.get(JAVA_LONG, tensor + COUNT);
    }

    public static long size(long tensor, int dimension) {
        return MEMORY.get(
                JAVA_LONG, MEMORY.get(JAVA_LONG, tensor + SIZES) + (long) dimension * Long.BYTES);
    }

    public static long stride(long tensor, int dimension) {
        return MEMORY.get(
                JAVA_LONG, MEMORY.get(JAVA_LONG, tensor + STRIDES) + (long) dimension * Long.BYTES);
    }

    /** Returns the size of an element in bytes. */
    public static int elementBytes(int dtype) {
        return DType.ofCode(dtype)
                .orElseThrow(
                        () -> new BuiltInFailure("element type %d is unknown".formatted(dtype)))
                .byteSize();
    }

    /** Says of a tensor what messages need: dtype, sizes and strides. */
    public static String describe(long tensor) {
        StringBuilder text = new StringBuilder();
        text.append(
                DType.ofCode(dtype(tensor)).map(DType::toString).orElse("dtype " + dtype(tensor)));
        String separator = " [";
        for (int d = 0; d < rank(tensor); d++) {
            text.append(separator).append(size(tensor, d));
            separator = ", ";
        }
        text.append(rank(tensor) == 0 ? " []" : "]");
        separator = " strides [";
        for (int d = 0; d < rank(tensor); d++) {
            text.append(separator).append(stride(tensor, d));
            separator = ", ";
        }
        return text.append(rank(tensor) == 0 ? "" : "]").toString();
    }

    /**
     * Starts a new tensor of this thread's current pool. The caller sets its sizes and strides and
     * calls {@link #allocate} or {@link #delete}.
     */
    public static long begin(int dtype, int rank) {
        long tensor = Records.take();
        MEMORY.set(JAVA_INT, tensor + DTYPE, dtype);
        MEMORY.set(JAVA_LONG, tensor + RANK, rank);
        // TODO rank beyond INLINE_RANK
        MEMORY.set(JAVA_LONG, tensor + SIZES, tensor + INLINE_SIZES);
        MEMORY.set(JAVA_LONG, tensor + STRIDES, tensor + INLINE_STRIDES);
        MEMORY.set(JAVA_LONG, tensor + OFFSET, 0L);
        MEMORY.set(JAVA_LONG, tensor + STORAGE, 0L);
        MEMORY.set(JAVA_LONG, tensor + DATA, 0L);
        return tensor;
    }

    /** Sets one dimension of a tensor that has been begun. */
    public static void setDimension(long tensor, int dimension, long size, long stride) {
        MEMORY.set(
                JAVA_LONG,
                MEMORY.get(JAVA_LONG, tensor + SIZES) + (long) dimension * Long.BYTES,
                size);
        MEMORY.set(
                JAVA_LONG,
                MEMORY.get(JAVA_LONG, tensor + STRIDES) + (long) dimension * Long.BYTES,
                stride);
    }

    /**
     * Gives a tensor that has been begun memory of the current pool, with any contents. If this
     * fails the tensor is deleted.
     */
    public static void allocate(long tensor) {
        long count = 1;
        long last = 0;
        for (int d = 0; d < rank(tensor); d++) {
            count *= size(tensor, d);
            last += (size(tensor, d) - 1) * stride(tensor, d);
        }
        long bytes = count == 0 ? 0 : (last + 1) * elementBytes(dtype(tensor));
        long block = Memory.take(bytes);
        MEMORY.set(JAVA_LONG, tensor + COUNT, count);
        MEMORY.set(JAVA_LONG, tensor + STORAGE_BYTES, bytes);
        MEMORY.set(JAVA_LONG, tensor + DATA, block);
        MEMORY.set(JAVA_LONG, tensor + STORAGE, block);
    }

    /** Deletes a handle, and the memory with the last tensor that shares it. */
    public static void delete(long tensor) {
        Records.give(tensor);
    }
}
