package io.github.aoti4j.bindings.torch;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;

/**
 * The functions on tensor handles that a host of compiled models calls, of libtorch or of the
 * built-in engine. What fails is a {@link NativeException} with the function's name.
 *
 * <p>Handles are addresses, each deleted exactly once by its owner. A new handle is left at {@code
 * slot}, the address of eight bytes, and the caller owns it. {@code scratch} is the address of
 * eight bytes, too. All functions may be called from any thread; two threads must not use one
 * handle at the same time if either changes it.
 */
public interface TensorApi extends AutoCloseable {
    /** The device type of host memory ({@code c10/core/DeviceType.h}). */
    int CPU = 0;

    /** Whether these are the functions of libtorch. */
    boolean isLibTorch();

    /**
     * Makes a tensor over CPU memory that stays the caller's and must outlive every use of the
     * tensor and of what aliases it.
     *
     * @param sizes int64 values, in native memory; so are {@code strides}, in elements
     */
    void createFromBlob(
            MemorySegment data,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment slot);

    /** Leaves a second handle to the same tensor at {@code slot}. */
    void newHandle(long handle, long slot);

    /** Deletes a handle, and the tensor with its last one. */
    void delete(long handle);

    /**
     * Makes it possible to {@link #lend} a handle, until {@link #takeBack}. {@link #delete} may do
     * nothing until then.
     */
    void startLending(long handle);

    /**
     * Leaves a handle to the same tensor at {@code slot} for a model to take in one run, which may
     * be the handle itself: then {@link #isLent} says so of an output that is this handle.
     */
    void lend(long handle, long slot);

    /** Returns whether a handle that a model has left is one that was lent. */
    boolean isLent(long handle);

    /** Deletes a handle that may have been lent; no model uses it any more. */
    void takeBack(long handle);

    /** Returns whether a handle stands for a tensor at all. */
    boolean isDefined(long handle, long scratch);

    /** Returns whether a tensor is dense memory with strides. */
    boolean isStrided(long handle, long scratch);

    /** Returns the type of the device that holds the elements, such as {@link #CPU}. */
    int deviceType(long handle, long scratch);

    /** Returns which of the devices of its type holds the elements. */
    int deviceIndex(long handle, long scratch);

    /** Returns the element type's code, a {@code c10::ScalarType}. */
    int dtype(long handle, long scratch);

    /** Returns the number of dimensions. */
    long rank(long handle, long scratch);

    /** Returns the address of the sizes, int64 values that live no longer than the tensor. */
    long sizes(long handle, long scratch);

    /** Returns the address of the strides, in elements. */
    long strides(long handle, long scratch);

    /** Returns the address of the first element; any value for a tensor without elements. */
    long dataAddress(long handle, long scratch);

    /** Returns whether a complex tensor's elements stand for their conjugates. */
    boolean isConjugated(long handle, long scratch);

    /**
     * Copies a tensor into new memory, with pending conjugation applied, and keeps the arena of
     * {@code memory}, in which the tensor lies, open meanwhile.
     */
    void copyToNew(long handle, long slot, MemorySegment memory);

    /**
     * Returns these functions with memory of their own, for runs that are made one at a time. The
     * caller closes them; tensors that are left then stay valid.
     */
    TensorApi forRuns();

    /**
     * Makes tensors of the model, too, come from this memory until {@link #leave}: called on the
     * thread of a run, around it. Forgets an earlier failure of this thread.
     *
     * @return to be given to {@link #leave}
     */
    Object enter();

    /** Ends {@link #enter}. */
    void leave(Object before);

    /**
     * Returns what a function failed with in the run that has just ended on this thread, and
     * forgets it; null if nothing is known.
     */
    NativeException takeFailure();

    /** Gives memory back that no tensor uses. */
    @Override
    void close();

    /** Compares the element type and the number of dimensions. */
    default boolean hasTypeAndRank(long handle, int dtype, int rank, long scratch) {
        return dtype(handle, scratch) == dtype && rank(handle, scratch) == rank;
    }

    /** Compares the sizes, which must be as many as the tensor has dimensions. */
    default boolean hasSizes(long handle, long[] sizes, long scratch) {
        return areAt(sizes(handle, scratch), sizes);
    }

    /** Compares the strides, which must be as many as the tensor has dimensions. */
    default boolean hasStrides(long handle, long[] strides, long scratch) {
        return areAt(strides(handle, scratch), strides);
    }

    /** Compares address, sizes and strides; those of a tensor with as many dimensions. */
    default boolean isAt(long handle, long address, long[] sizes, long[] strides, long scratch) {
        return dataAddress(handle, scratch) == address
                && hasSizes(handle, sizes, scratch)
                && hasStrides(handle, strides, scratch);
    }

    private static boolean areAt(long address, long[] values) {
        for (int i = 0; i < values.length; i++) {
            if (RawMemory.at(address, i) != values[i]) {
                return false;
            }
        }
        return true;
    }
}
