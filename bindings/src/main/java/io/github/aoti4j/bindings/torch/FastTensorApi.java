package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.RawMemory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls that a run makes around the model's own, on addresses: a handle that is read out of
 * native memory then needs no segment, which would be an object of each run wherever the compiler
 * cannot see through it.
 *
 * <p>The same functions and rules as in {@link TorchApi}. {@code scratch} is the address of eight
 * bytes.
 */
public final class FastTensorApi {
    /** Pointers are passed as what they are to the calling convention: integers of 64 bits. */
    private static final MethodHandle CALL =
            Linker.nativeLinker()
                    .downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    /**
     * The same without telling the JVM that the thread is in native code, which halves the cost of
     * a getter (8.6 to 4.2 ns). Only for functions that read a field: the collector waits for them.
     */
    private static final MethodHandle GET =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG),
                            Linker.Option.critical(false));

    private static final MemorySegment NEW_HANDLE =
            AotiTorch.aoti_torch_new_tensor_handle$address();
    private static final MemorySegment DELETE = AotiTorch.aoti_torch_delete_tensor_object$address();
    private static final MemorySegment DATA = AotiTorch.aoti_torch_get_data_ptr$address();
    private static final MemorySegment DTYPE = AotiTorch.aoti_torch_get_dtype$address();
    private static final MemorySegment RANK = AotiTorch.aoti_torch_get_dim$address();
    private static final MemorySegment DEVICE = AotiTorch.aoti_torch_get_device_type$address();
    private static final MemorySegment SIZES = AotiTorch.aoti_torch_get_sizes$address();
    private static final MemorySegment STRIDES = AotiTorch.aoti_torch_get_strides$address();

    /** All memory, by address. */
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private FastTensorApi() {}

    /** Leaves a second handle to the same tensor at {@code slot}. */
    public static void newHandle(long handle, long slot) {
        check(call(NEW_HANDLE, handle, slot), "aoti_torch_new_tensor_handle");
    }

    /** Deletes a handle, and the tensor with its last one. */
    public static void delete(long handle) {
        // The second argument is one that the function does not look at.
        check(call(DELETE, handle, 0), "aoti_torch_delete_tensor_object");
    }

    /** Returns the address of the first element; any value for a tensor without elements. */
    public static long dataAddress(long handle, long scratch) {
        check(get(DATA, handle, scratch), "aoti_torch_get_data_ptr");
        return MEMORY.get(JAVA_LONG, scratch);
    }

    /** Returns the element type's code. */
    public static int dtype(long handle, long scratch) {
        check(get(DTYPE, handle, scratch), "aoti_torch_get_dtype");
        return MEMORY.get(JAVA_INT, scratch);
    }

    /** Returns the type of the device, such as {@link TorchApi#CPU}. */
    public static int deviceType(long handle, long scratch) {
        check(get(DEVICE, handle, scratch), "aoti_torch_get_device_type");
        return MEMORY.get(JAVA_INT, scratch);
    }

    /** Returns the number of dimensions. */
    public static long rank(long handle, long scratch) {
        check(get(RANK, handle, scratch), "aoti_torch_get_dim");
        return MEMORY.get(JAVA_LONG, scratch);
    }

    /** Returns the address of the sizes, for {@link RawMemory#at}. */
    public static long sizes(long handle, long scratch) {
        check(get(SIZES, handle, scratch), "aoti_torch_get_sizes");
        return MEMORY.get(JAVA_LONG, scratch);
    }

    /**
     * Returns the address of the strides, for {@link RawMemory#at}; fails for a tensor that is not
     * dense.
     */
    public static long strides(long handle, long scratch) {
        check(get(STRIDES, handle, scratch), "aoti_torch_get_strides");
        return MEMORY.get(JAVA_LONG, scratch);
    }

    private static int call(MemorySegment function, long a, long b) {
        try {
            return (int) CALL.invokeExact(function, a, b);
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    private static int get(MemorySegment getter, long handle, long scratch) {
        try {
            return (int) GET.invokeExact(getter, handle, scratch);
        } catch (Throwable t) {
            throw Errno.rethrown(t);
        }
    }

    private static void check(int code, String function) {
        if (code != 0) {
            throw TorchApi.failure(function);
        }
    }
}
