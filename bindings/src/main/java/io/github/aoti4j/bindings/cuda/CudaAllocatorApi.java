package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What the C shim leaves out of PyTorch's caching allocator for CUDA: giving back what it keeps.
 *
 * <p>That is a virtual method of a C++ object ({@code c10/cuda/CUDACachingAllocator.h}) whose place
 * in the table of methods differs between versions. Another class of libtorch_cuda's with the same
 * base is exported with its table and this method, and shows the place.
 *
 * <p>libtorch_cuda must have been loaded before this class is touched.
 */
public final class CudaAllocatorApi {
    private static final String ALLOCATOR = "_ZN3c104cuda20CUDACachingAllocator9allocatorE";
    private static final String TABLE =
            "_ZTVN5torch4cuda22CUDAPluggableAllocator22CUDAPluggableAllocatorE";

    /** With the pool as an argument, {0, 0} for all, since PyTorch 2.8. */
    private static final String EMPTY_CACHE =
            "_ZN5torch4cuda22CUDAPluggableAllocator22CUDAPluggableAllocator10emptyCacheESt4pairIyyE";

    /** Before the first method: the offset to the object's top and its type. */
    private static final int TABLE_HEAD = 2;

    private static final int MOST_METHODS = 96;

    private CudaAllocatorApi() {}

    /**
     * Gives memory that nothing uses back to the driver, of all devices. No work may be in flight
     * that has failed: this libtorch would end the process.
     *
     * @throws IncompatibleModelException if this libtorch cannot be asked
     */
    public static void emptyCache() {
        MethodHandle emptyCache =
                Linker.nativeLinker()
                        .downcallHandle(FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG));
        MemorySegment allocator = pointer(find("libc10_cuda.so", ALLOCATOR), 0);
        MemorySegment method = pointer(pointer(allocator, 0), place());
        try {
            emptyCache.invokeExact(method, allocator, 0L, 0L);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Which of the virtual methods it is. */
    private static int place() {
        MemorySegment table = find("libtorch_cuda.so", TABLE);
        MemorySegment method = find("libtorch_cuda.so", EMPTY_CACHE);
        for (int i = 0; i < MOST_METHODS; i++) {
            MemorySegment entry = pointer(table, TABLE_HEAD + i);
            if (entry.equals(method)) {
                return i;
            }
            if (entry.address() == 0) {
                break;
            }
        }
        throw unknown();
    }

    private static MemorySegment pointer(MemorySegment base, int index) {
        return base.reinterpret((index + 1) * ADDRESS.byteSize()).getAtIndex(ADDRESS, index);
    }

    private static MemorySegment find(String library, String symbol) {
        return NativeLibrary.ifLoaded(library)
                .flatMap(loaded -> loaded.find(symbol))
                .orElseThrow(CudaAllocatorApi::unknown);
    }

    private static IncompatibleModelException unknown() {
        return new IncompatibleModelException(
                "this libtorch does not export what it takes to give its allocator's memory back");
    }
}
