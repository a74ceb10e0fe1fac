package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.stub.TensorRecord;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.tensor.Shapes;

/**
 * Tensors as native records. A handle is the address of a record, which machine code of the stub
 * library reads, too: {@link TensorRecord} is its layout.
 *
 * <p>All functions take and return primitives, and make no object unless they fail. Sizes and
 * strides are counted in elements. What is said of a tensor that has been begun holds until {@link
 * #allocate}, {@link #view} or {@link #wrap} has returned: it is the caller's to delete, and they
 * delete it if they fail.
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

    /** The pool that the record belongs to, or 0. */
    static final int OWNER = TensorRecord.OWNER;

    /** In a list of free records, the next one. */
    static final int NEXT = TensorRecord.NEXT;

    static final int INLINE_SIZES = TensorRecord.INLINE_SIZES;
    private static final int INLINE_RANK = TensorRecord.INLINE_RANK;
    static final int INLINE_STRIDES = TensorRecord.INLINE_STRIDES;

    /** Size of a record. */
    static final int BYTES = TensorRecord.SIZE;

    static final int FREE = TensorRecord.FREE;
    static final int LIVE = TensorRecord.LIVE;
    static final int UNDEFINED = TensorRecord.UNDEFINED;

    /** By the code of the element type; 0 for codes that stand for none. */
    private static final byte[] ELEMENT_BYTES = new byte[64];

    static {
        for (DType dtype : DType.values()) {
            ELEMENT_BYTES[dtype.code()] = (byte) dtype.byteSize();
        }
    }

    private Tensors() {}

    /**
     * Fails unless a handle is a tensor's.
     *
     * @param what the argument's name, for the message
     */
    public static void require(long tensor, String what) {
        if (Records.state(tensor) != LIVE) {
            throw new BuiltInFailure(
                    Records.state(tensor) == UNDEFINED
                            ? what + " is an undefined tensor"
                            : "%s is no tensor: 0x%x".formatted(what, tensor));
        }
    }

    /** Fails unless a handle is one, of a tensor or undefined. */
    static void requireHandle(long tensor, String what) {
        if (Records.state(tensor) == FREE) {
            throw new BuiltInFailure("%s is no tensor: 0x%x".formatted(what, tensor));
        }
    }

    /** Returns whether a handle stands for a tensor; false if it is undefined. */
    public static boolean isDefined(long tensor) {
        requireHandle(tensor, "self");
        return Records.state(tensor) == LIVE;
    }

    public static long data(long tensor) {
        return Raw.getLong(tensor + DATA);
    }

    public static int rank(long tensor) {
        return (int) Raw.getLong(tensor + RANK);
    }

    public static int dtype(long tensor) {
        return Raw.getInt(tensor + DTYPE);
    }

    /** Returns the number of elements. */
    public static long count(long tensor) {
        return Raw.getLong(tensor + COUNT);
    }

    /** Returns the address of the sizes, int64 values. */
    public static long sizes(long tensor) {
        return Raw.getLong(tensor + SIZES);
    }

    /** Returns the address of the strides, int64 values. */
    public static long strides(long tensor) {
        return Raw.getLong(tensor + STRIDES);
    }

    public static long size(long tensor, int dimension) {
        return Raw.getLong(sizes(tensor) + (long) dimension * Long.BYTES);
    }

    public static long stride(long tensor, int dimension) {
        return Raw.getLong(strides(tensor) + (long) dimension * Long.BYTES);
    }

    /** Returns where in the storage the first element lies. */
    public static long offset(long tensor) {
        return Raw.getLong(tensor + OFFSET);
    }

    /** Returns whether two tensors are known to share memory of the engine. */
    static boolean shareStorage(long a, long b) {
        long storage = Raw.getLong(a + STORAGE);
        return storage != 0 && storage == Raw.getLong(b + STORAGE);
    }

    /** Returns the size of an element in bytes. */
    public static int elementBytes(int dtype) {
        int bytes = Integer.compareUnsigned(dtype, 64) < 0 ? ELEMENT_BYTES[dtype] : 0;
        if (bytes == 0) {
            throw new BuiltInFailure("element type %d is unknown".formatted(dtype));
        }
        return bytes;
    }

    /** Says of a tensor what messages need: dtype, sizes and strides. */
    public static String describe(long tensor) {
        if (Records.state(tensor) != LIVE) {
            return Records.state(tensor) == UNDEFINED ? "an undefined tensor" : "no tensor";
        }
        int rank = rank(tensor);
        StringBuilder text = new StringBuilder();
        text.append(
                DType.ofCode(dtype(tensor)).map(DType::torchName).orElse("dtype " + dtype(tensor)));
        text.append(" [");
        for (int d = 0; d < rank; d++) {
            text.append(d == 0 ? "" : ", ").append(size(tensor, d));
        }
        text.append("] strides [");
        for (int d = 0; d < rank; d++) {
            text.append(d == 0 ? "" : ", ").append(stride(tensor, d));
        }
        return text.append(']').toString();
    }

    /**
     * Begins a new tensor, with a record of this thread's current pool. The caller sets its sizes
     * and strides and calls {@link #allocate}, {@link #view}, {@link #wrap} or {@link #delete}.
     */
    public static long begin(int dtype, int rank) {
        if (Integer.compareUnsigned(rank, Shapes.MAX_RANK) > 0) {
            throw new BuiltInFailure(
                    "a tensor has at most %d dimensions, not %d".formatted(Shapes.MAX_RANK, rank));
        }
        int _ = elementBytes(dtype);
        long tensor = Records.take();
        if (rank > INLINE_RANK) {
            long block = Memory.tryTake((long) rank * 2 * Long.BYTES);
            if (block == 0) {
                Records.give(tensor);
                throw new BuiltInFailure("there is no memory for %d sizes".formatted(rank));
            }
            Raw.setLong(tensor + SIZES, block);
            Raw.setLong(tensor + STRIDES, block + (long) rank * Long.BYTES);
        }
        Raw.setLong(tensor + RANK, rank);
        Raw.setInt(tensor + DTYPE, dtype);
        Raw.setInt(tensor + TensorRecord.REUSABLE, 0);
        Raw.setInt(tensor + STATE, LIVE);
        return tensor;
    }

    /** Makes a handle that stands for no tensor. */
    static long beginUndefined() {
        long tensor = Records.take();
        Raw.setLong(tensor + DATA, 0);
        Raw.setLong(tensor + RANK, 0);
        Raw.setLong(tensor + OFFSET, 0);
        Raw.setInt(tensor + DTYPE, 0);
        Raw.setInt(tensor + TensorRecord.REUSABLE, 0);
        Raw.setLong(tensor + COUNT, 0);
        Raw.setLong(tensor + STORAGE_BYTES, 0);
        Raw.setInt(tensor + STATE, UNDEFINED);
        return tensor;
    }

    /** Sets one dimension of a tensor that has been begun. */
    public static void setDimension(long tensor, int dimension, long size, long stride) {
        Raw.setLong(sizes(tensor) + (long) dimension * Long.BYTES, size);
        Raw.setLong(strides(tensor) + (long) dimension * Long.BYTES, stride);
    }

    /** Sets the row-major strides of a tensor that has been begun and has its sizes. */
    public static void setContiguous(long tensor) {
        long stride = 1;
        for (int d = rank(tensor) - 1; d >= 0; d--) {
            setDimension(tensor, d, size(tensor, d), stride);
            // If this overflows, the number of elements will, too.
            stride *= Math.max(1, size(tensor, d));
        }
    }

    /** Gives a tensor that has been begun memory of the current pool, with any contents. */
    public static void allocate(long tensor) {
        allocate(tensor, sizes(tensor), strides(tensor));
    }

    /** The same, with sizes and strides from two lists of int64 values. */
    static void allocate(long tensor, long sizes, long strides) {
        long bytes = layOut(tensor, sizes, strides, 0);
        long block = Memory.tryTakeLike(tensor, bytes);
        if (block == 0) {
            MemoryLimitException limit = Memory.limitOf(bytes);
            throw refused(tensor, Memory.reason(bytes, limit) + ":", limit);
        }
        setStorage(tensor, block, block, bytes, 0);
        if (Blocks.isOfShelf(block, Raw.getLong(tensor + OWNER)) && rank(tensor) <= INLINE_RANK) {
            Raw.setInt(tensor + TensorRecord.REUSABLE, (int) Blocks.capacity(block));
        }
    }

    /**
     * Makes a tensor that has been begun a view of another one's memory, which then lives as long
     * as the view.
     *
     * @param offset where in the storage its first element lies, in its own elements
     */
    public static void view(long tensor, long base, long offset) {
        view(tensor, sizes(tensor), strides(tensor), base, offset);
    }

    /** The same, with sizes and strides from two lists of int64 values. */
    static void view(long tensor, long sizes, long strides, long base, long offset) {
        long needed = layOut(tensor, sizes, strides, offset);
        long bytes = Raw.getLong(base + STORAGE_BYTES);
        if (count(tensor) != 0 && needed > bytes) {
            String message =
                    "a view at offset %d needs %d bytes of a storage of %d (of %s):"
                            .formatted(offset, needed, bytes, describe(base));
            throw refused(tensor, message);
        }
        long storage = Raw.getLong(base + STORAGE);
        if (storage != 0) {
            Memory.share(storage);
        }
        setStorage(tensor, storage, storageStart(base), bytes, offset);
    }

    /** Returns the address of the first byte of a tensor's storage. */
    private static long storageStart(long tensor) {
        return data(tensor) - offset(tensor) * elementBytes(dtype(tensor));
    }

    /**
     * Puts a tensor that has been begun over memory that is not the engine's, with sizes and
     * strides from two lists of int64 values.
     *
     * @param offset of its first element, in elements
     */
    public static void wrap(long tensor, long sizes, long strides, long memory, long offset) {
        long bytes = layOut(tensor, sizes, strides, offset);
        if (memory == 0 && count(tensor) != 0) {
            throw refused(tensor, "a tensor with elements has no memory:");
        }
        setStorage(tensor, 0, memory, bytes, offset);
    }

    private static void setStorage(long tensor, long storage, long start, long bytes, long offset) {
        Raw.setLong(tensor + STORAGE, storage);
        Raw.setLong(tensor + STORAGE_BYTES, bytes);
        Raw.setLong(tensor + OFFSET, offset);
        Raw.setLong(tensor + DATA, start + offset * elementBytes(dtype(tensor)));
    }

    /**
     * Sets sizes, strides and the number of elements.
     *
     * @return how many bytes lie before the end of the last element; 0 if there is none
     */
    private static long layOut(long tensor, long sizes, long strides, long offset) {
        int rank = rank(tensor);
        long ownSizes = sizes(tensor);
        long ownStrides = strides(tensor);
        // All of them are below 2^46, or a bit above it is set here. The stride of a size of 1
        // may be any.
        long bits = offset;
        long overflow = 0;
        long count = 1;
        long end = offset + 1;
        // Not by a long: what the compiler makes of such a loop costs more than its two or three
        // turns.
        for (int d = 0; d < rank; d++) {
            long at = (long) d * Long.BYTES;
            long size = Raw.getLong(sizes + at);
            long stride = Raw.getLong(strides + at);
            Raw.setLong(ownSizes + at, size);
            Raw.setLong(ownStrides + at, stride);
            long reach = Math.max(size - 1, 0) * stride;
            bits |= size | reach;
            overflow |= Math.multiplyHigh(size, stride) | Math.multiplyHigh(count, size);
            overflow |= stride >> 63;
            count *= size;
            overflow |= count >> 63;
            end += reach;
        }
        if (overflow != 0 || (bits | end) >>> SizeClasses.MAX_BITS != 0) {
            throw refused(
                    tensor,
                    "sizes, strides or offset %d are negative or reach beyond any memory:"
                            .formatted(offset));
        }
        Raw.setLong(tensor + COUNT, count);
        return count == 0 ? 0 : end * elementBytes(dtype(tensor));
    }

    /** Deletes a tensor that has been begun; says why. */
    private static BuiltInFailure refused(long tensor, String reason) {
        return refused(tensor, reason, null);
    }

    private static BuiltInFailure refused(long tensor, String reason, AotiException cause) {
        var failure = new BuiltInFailure(reason + " " + describe(tensor), cause);
        delete(tensor);
        return failure;
    }

    /** Deletes a handle, and the memory with the last tensor that shares it. */
    public static void delete(long tensor) {
        requireHandle(tensor, "the handle");
        if (isLent(tensor)) {
            return;
        }
        if (Raw.getInt(tensor + TensorRecord.REUSABLE) != 0 && Pool.shelve(tensor)) {
            return;
        }
        freeContents(tensor);
        Records.give(tensor);
    }

    /**
     * Lends a handle to a model: until {@link #takeBack} it can be deleted to no effect. The model
     * must be done with it then.
     */
    public static void lend(long tensor) {
        require(tensor, "the tensor");
        Raw.setInt(tensor + TensorRecord.LENT, 1);
    }

    /** Returns whether a handle is lent. */
    public static boolean isLent(long tensor) {
        return Raw.getInt(tensor + TensorRecord.LENT) != 0;
    }

    /** Ends {@link #lend}, if the handle is lent. */
    public static void takeBack(long tensor) {
        requireHandle(tensor, "the tensor");
        Raw.setInt(tensor + TensorRecord.LENT, 0);
    }

    /** Gives back all that belongs to a record but the record. */
    static void freeContents(long tensor) {
        Raw.setInt(tensor + TensorRecord.REUSABLE, 0);
        long storage = Raw.getLong(tensor + STORAGE);
        if (storage != 0) {
            Raw.setLong(tensor + STORAGE, 0);
            Memory.give(storage);
        }
        if (sizes(tensor) != tensor + INLINE_SIZES) {
            Memory.give(sizes(tensor));
            clear(tensor);
        }
    }

    /** Makes a record one that owns nothing, as free records are. */
    static void clear(long tensor) {
        Raw.setLong(tensor + STORAGE, 0);
        Raw.setLong(tensor + SIZES, tensor + INLINE_SIZES);
        Raw.setLong(tensor + STRIDES, tensor + INLINE_STRIDES);
    }

    /** Counts the handles in this process that have not been deleted. */
    public static long liveCount() {
        return Records.liveCount();
    }
}
