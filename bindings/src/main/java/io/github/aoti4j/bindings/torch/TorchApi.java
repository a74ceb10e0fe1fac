package io.github.aoti4j.bindings.torch;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.model.KeepAlive;
import io.github.aoti4j.bindings.os.NativeOutput;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The functions of libtorch's C shim that a host of compiled models calls. What libtorch refuses is
 * a {@link NativeException} with its words.
 *
 * <p>Handles are {@code AtenTensorHandle}s: pointers to tensor objects on the native heap, each
 * deleted exactly once by its owner. An argument stays the caller's; a new handle is left in a slot
 * of eight bytes of native memory, and the caller owns it. Sizes and strides are {@code rank} int64
 * values, strides in elements. All functions may be called from any thread; two threads must not
 * use one handle at the same time if either changes it.
 *
 * <p>libtorch must have been loaded before this class is touched: its first failure to bind is
 * final.
 */
public final class TorchApi {
    /** The device type of host memory. */
    public static final int CPU = AotiTorch.aoti_torch_device_type_cpu();

    private static final MemorySegment IS_CONJ = Arena.global().allocateFrom("aten::is_conj");
    private static final MemorySegment IS_NEG = Arena.global().allocateFrom("aten::is_neg");
    private static final MemorySegment NO_OVERLOAD = Arena.global().allocateFrom("");

    private static final int STRIDED = AotiTorch.aoti_torch_layout_strided();

    /** Came with 2.13. */
    private static final boolean HAS_WHAT =
            StableValues.has("torch_exception_get_what_without_backtrace");

    private TorchApi() {}

    /**
     * Makes a tensor over CPU memory that stays the caller's and must outlive every use of the
     * tensor and of what aliases it.
     */
    public static void createTensorFromBlob(
            MemorySegment data,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment handle) {
        check(
                AotiTorch.aoti_torch_create_tensor_from_blob(
                        data, rank, sizes, strides, 0, dtype, CPU, 0, handle),
                "aoti_torch_create_tensor_from_blob");
    }

    /** Leaves a second handle to the same tensor in {@code copy}. */
    public static void newTensorHandle(MemorySegment handle, MemorySegment copy) {
        check(AotiTorch.aoti_torch_new_tensor_handle(handle, copy), "aoti_torch_new_tensor_handle");
    }

    /** Deletes a handle, and the tensor with its last one. */
    public static void deleteTensor(MemorySegment handle) {
        check(AotiTorch.aoti_torch_delete_tensor_object(handle), "aoti_torch_delete_tensor_object");
    }

    /** Returns whether a handle stands for a tensor at all. */
    public static boolean isDefined(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_is_defined(handle, slot), "aoti_torch_is_defined");
        return slot.get(ValueLayout.JAVA_BYTE, 0) != 0;
    }

    /**
     * Returns whether a tensor is dense memory with strides, rather than sparse or in a library's
     * own layout.
     */
    public static boolean isStrided(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_layout(handle, slot), "aoti_torch_get_layout");
        return slot.get(ValueLayout.JAVA_INT, 0) == STRIDED;
    }

    /**
     * Returns whether a complex tensor's elements stand for their conjugates: PyTorch conjugates
     * lazily, by a flag.
     */
    public static boolean isConjugated(MemorySegment handle, MemorySegment slot) {
        return flag(IS_CONJ, handle, slot);
    }

    /**
     * Returns whether a floating-point or complex tensor's elements stand for their negatives:
     * PyTorch negates the imaginary part of a conjugate lazily, by a flag.
     */
    public static boolean isNegated(MemorySegment handle, MemorySegment slot) {
        return flag(IS_NEG, handle, slot);
    }

    private static boolean flag(MemorySegment operator, MemorySegment handle, MemorySegment slot) {
        // The dispatcher takes ownership of the handles on its stack (torch/csrc/stable/library.h).
        newTensorHandle(handle, slot);
        check(
                AotiTorch.aoti_torch_call_dispatcher(operator, NO_OVERLOAD, slot),
                "aten::is_conj, aten::is_neg");
        return slot.get(ValueLayout.JAVA_BYTE, 0) != 0;
    }

    /** Makes an undefined tensor, to be assigned to. */
    public static void newUndefinedTensor(MemorySegment handle) {
        check(
                AotiTorch.aoti_torch_new_uninitialized_tensor(handle),
                "aoti_torch_new_uninitialized_tensor");
    }

    /** Makes the handle {@code destination} stand for the tensor {@code source}. */
    public static void assignTensor(MemorySegment source, MemorySegment destination) {
        check(
                AotiTorch.aoti_torch_assign_tensors(source, destination),
                "aoti_torch_assign_tensors");
    }

    /** Makes a tensor on new CPU memory of libtorch's own, with any contents. */
    public static void emptyStrided(
            int rank, MemorySegment sizes, MemorySegment strides, int dtype, MemorySegment handle) {
        check(
                AotiTorch.aoti_torch_empty_strided(rank, sizes, strides, dtype, CPU, 0, handle),
                "aoti_torch_empty_strided");
    }

    /** Copies the elements of one tensor into those of another. */
    public static void copyElements(MemorySegment source, MemorySegment target) {
        check(AotiTorch.aoti_torch_copy_(target, source, 0), "aoti_torch_copy_");
    }

    /** Copies a tensor into new memory, with pending conjugation and negation applied. */
    public static void cloneTensor(MemorySegment handle, MemorySegment copy) {
        cloneTensor(handle, copy, MemorySegment.NULL);
    }

    /**
     * As {@link #cloneTensor(MemorySegment, MemorySegment)}, and keeps the arena of {@code memory},
     * in which the tensor lies, open meanwhile. Throws like any access to that arena.
     */
    public static void cloneTensor(MemorySegment handle, MemorySegment copy, MemorySegment memory) {
        check(KeepAlive.clone(handle, copy, memory), "aoti_torch_clone");
    }

    /** Returns the address of the first element; any value for a tensor without elements. */
    public static long dataAddress(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_data_ptr(handle, slot), "aoti_torch_get_data_ptr");
        return slot.get(ValueLayout.JAVA_LONG, 0);
    }

    /** Returns the number of dimensions. */
    public static int rank(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_dim(handle, slot), "aoti_torch_get_dim");
        return Math.toIntExact(slot.get(ValueLayout.JAVA_LONG, 0));
    }

    /** Returns the element type's code, a {@code c10::ScalarType}. */
    public static int dtype(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_dtype(handle, slot), "aoti_torch_get_dtype");
        return slot.get(ValueLayout.JAVA_INT, 0);
    }

    /** Returns the type of the device that holds the elements, such as {@link #CPU}. */
    public static int deviceType(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_device_type(handle, slot), "aoti_torch_get_device_type");
        return slot.get(ValueLayout.JAVA_INT, 0);
    }

    /** Returns which of the devices of its type holds the elements; -1 or 0 for the CPU. */
    public static int deviceIndex(MemorySegment handle, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_device_index(handle, slot), "aoti_torch_get_device_index");
        return slot.get(ValueLayout.JAVA_INT, 0);
    }

    public static long[] sizes(MemorySegment handle, int rank, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_sizes(handle, slot), "aoti_torch_get_sizes");
        return longs(slot, rank);
    }

    public static long[] strides(MemorySegment handle, int rank, MemorySegment slot) {
        check(AotiTorch.aoti_torch_get_strides(handle, slot), "aoti_torch_get_strides");
        return longs(slot, rank);
    }

    /** Copies an array that libtorch lends: it lives no longer than the tensor. */
    private static long[] longs(MemorySegment slot, int count) {
        long address = slot.get(ValueLayout.JAVA_LONG, 0);
        return MemorySegment.ofAddress(address)
                .reinterpret((long) count * Long.BYTES)
                .toArray(ValueLayout.JAVA_LONG);
    }

    public static void check(int code, String function) {
        if (code != 0) {
            throw failure(function);
        }
    }

    /** Makes the exception for a failure that has just been returned on this thread. */
    static NativeException failure(String function) {
        return new NativeException(function, lastError());
    }

    private static String lastError() {
        if (!HAS_WHAT) {
            return "libtorch before 2.13 writes the reason to its log only: start the JVM with -D%s=true to see it"
                    .formatted(NativeOutput.PROPERTY);
        }
        MemorySegment message = AotiTorch.torch_exception_get_what_without_backtrace();
        return message.address() == 0
                ? "no message"
                : message.reinterpret(Long.MAX_VALUE).getString(0);
    }
}
