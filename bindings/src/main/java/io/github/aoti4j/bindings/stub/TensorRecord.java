package io.github.aoti4j.bindings.stub;

/**
 * Where the fields of a tensor's record lie, in bytes from its address, which is the tensor's
 * handle: as far as the library's machine code reads them.
 */
public final class TensorRecord {
    /** Address of the first element. */
    public static final int DATA = 0;

    /** Number of dimensions, int64. */
    public static final int RANK = 8;

    /** Address of the sizes, int64 each. */
    public static final int SIZES = 16;

    /** Address of the strides, int64 each. */
    public static final int STRIDES = 24;

    /** Where in the storage the first element lies, in elements, int64. */
    public static final int OFFSET = 32;

    /** {@code c10::ScalarType}, int32. */
    public static final int DTYPE = 40;

    /** One of {@link #FREE}, {@link #LIVE} and {@link #UNDEFINED}, int32. */
    public static final int STATE = 44;

    /** Address of the storage's block; 0 for memory that is not the engine's. */
    public static final int STORAGE = 48;

    /** Number of elements, int64. */
    public static final int COUNT = 56;

    /** Size of the storage in bytes, int64. */
    public static final int STORAGE_BYTES = 64;

    /** Not 0 while the handle is lent to a model, which then deletes it to no effect; int32. */
    public static final int LENT = 72;

    /**
     * What the block of the storage holds, in bytes, int32, if the tensor may lie on a {@link
     * Shelf} when it has been deleted: it is what {@code aoti_torch_empty_strided} made, its block
     * and its record belong to one pool, and the block is small. Otherwise 0.
     */
    public static final int REUSABLE = 76;

    /** Number of the pool that the record belongs to, or 0; int64. */
    public static final int OWNER = 80;

    /** In a list of records, the address of the next one. */
    public static final int NEXT = 88;

    /** Room for the sizes of tensors of at most {@link #INLINE_RANK} dimensions. */
    public static final int INLINE_SIZES = 96;

    /** How many dimensions a record has room for. */
    public static final int INLINE_RANK = 10;

    /** Room for as many strides. */
    public static final int INLINE_STRIDES = INLINE_SIZES + INLINE_RANK * Long.BYTES;

    /** Size of a record. */
    public static final int SIZE = INLINE_STRIDES + INLINE_RANK * Long.BYTES;

    /** From the address of a block: how many tensors share it, int64. */
    public static final int BLOCK_REFERENCES = -64;

    /** State of a record that is no tensor's. */
    public static final int FREE = 0;

    /** State of a tensor. */
    public static final int LIVE = 1;

    /** State of a handle that stands for no tensor. */
    public static final int UNDEFINED = 2;

    private TensorRecord() {}
}
