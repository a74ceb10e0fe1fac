package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.cuda.CudaRuntime;
import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.NativeLibrary;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * PyTorch's own capture of a CUDA graph, for what CUDA's cannot give: memory that is allocated
 * during the capture comes from a private pool, which no other allocation uses as long as the graph
 * lives.
 *
 * <p>The C shim has nothing of it, so this calls the exported members of a C++ class ({@code
 * ATen/cuda/CUDAGraph.h}), whose names, arguments and meaning are the same in PyTorch 2.11 to 2.14.
 * They throw C++ exceptions, at which the process would end: a caller has to see to it that there
 * is no reason.
 *
 * <p>libtorch_cuda must have been loaded before this class is touched.
 */
public final class CudaGraphApi implements AutoCloseable {
    private static final String CREATE = "_ZN2at4cuda9CUDAGraphC1Eb";
    private static final String DELETE = "_ZN2at4cuda9CUDAGraphD1Ev";
    private static final String BEGIN =
            "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode";
    private static final String END = "_ZN2at4cuda9CUDAGraph11capture_endEv";
    private static final String RAW = "_ZN2at4cuda9CUDAGraph14raw_cuda_graphEv";

    /** What is called by name only where it is there. */
    public static final List<String> REQUIRED = List.of(CREATE, DELETE, BEGIN, END, RAW);

    /** Many times what the class takes; only its constructor knows. */
    private static final long OBJECT_BYTES = 1L << 14;

    private static final MethodHandle CREATE_HANDLE = bind(CREATE, null, ADDRESS, JAVA_BOOLEAN);
    private static final MethodHandle DELETE_HANDLE = bind(DELETE, null, ADDRESS);

    /** The pair goes in two registers; zeros ask for a pool of its own. */
    private static final MethodHandle BEGIN_HANDLE =
            bind(BEGIN, null, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private static final MethodHandle END_HANDLE = bind(END, null, ADDRESS);
    private static final MethodHandle RAW_HANDLE = bind(RAW, ADDRESS, ADDRESS);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment object = arena.allocate(OBJECT_BYTES, 64);

    /** Makes an object that has captured nothing. */
    public CudaGraphApi() {
        try {
            CREATE_HANDLE.invokeExact(object, true);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    private static MethodHandle bind(
            String symbol, MemoryLayout result, MemoryLayout... arguments) {
        MemorySegment address =
                NativeLibrary.ifLoaded("libtorch_cuda.so").orElseThrow().address(symbol);
        return Linker.nativeLinker()
                .downcallHandle(
                        address,
                        result == null
                                ? FunctionDescriptor.ofVoid(arguments)
                                : FunctionDescriptor.of(result, arguments));
    }

    /**
     * Begins to capture the calling thread's current stream, once. On this thread, calls are
     * refused meanwhile that would wait for the stream. That stream must be neither the default one
     * nor capturing.
     */
    public void begin() {
        try {
            BEGIN_HANDLE.invokeExact(
                    object, 0L, 0L, CudaRuntime.cudaStreamCaptureModeThreadLocal());
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /**
     * Ends the capture, which must be sound ({@link CudaApi#isCapturing}), on the same thread and
     * with the same current stream.
     */
    public void end() {
        call(END_HANDLE);
    }

    /** Returns what has been captured, a {@code cudaGraph_t}, borrowed until close. */
    public MemorySegment graph() {
        try {
            return (MemorySegment) RAW_HANDLE.invokeExact(object);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Releases the pool: what uses its memory must be gone. A capture must have been ended. */
    @Override
    public void close() {
        call(DELETE_HANDLE);
        arena.close();
    }

    private void call(MethodHandle method) {
        try {
            method.invokeExact(object);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
