package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.cuda.CudaRuntime;
import io.github.aoti4j.bindings.generated.cuda.cudaDeviceSynchronize_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventCreateWithFlags_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventDestroy_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventElapsedTime_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventQuery_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventRecord_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaEventSynchronize_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGetDeviceCount_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGetDevice_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGetErrorName_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGetErrorString_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGetLastError_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGraphExecDestroy_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGraphInstantiateWithFlags_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaGraphLaunch_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaMemGetInfo_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaMemcpyAsync_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaPointerAttributes;
import io.github.aoti4j.bindings.generated.cuda.cudaPointerGetAttributes_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaSetDevice_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamBeginCapture_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamCreateWithFlags_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamDestroy_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamEndCapture_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamIsCapturing_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamQuery_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamSynchronize_fn;
import io.github.aoti4j.bindings.generated.cuda.cudaStreamWaitEvent_fn;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The functions of the CUDA runtime that a host of compiled models calls, with their error codes
 * checked: an error becomes a {@link NativeException} with CUDA's name and words for it.
 *
 * <p>Streams, events and memory are segments whose bytes nothing here reads; the arenas that they
 * belong to cannot be closed during a call. The null stream is the device's default one. What acts
 * on the current device acts on the calling thread's; {@link #use} sets it for a while.
 *
 * <p>Thread-safe. An error may be one of earlier asynchronous work of the device.
 */
public final class CudaApi {
    private final NativeLibrary library;
    private final MemorySegment eventQuery;
    private final MemorySegment eventRecord;
    private final MemorySegment eventSynchronize;
    private final MemorySegment getDevice;
    private final MemorySegment graphLaunch;
    private final MemorySegment memcpyAsync;
    private final MemorySegment setDevice;
    private final MemorySegment streamSynchronize;
    private final MemorySegment streamWaitEvent;

    /** Binds the functions of libcudart, or of a library that needs it; it is never closed. */
    public CudaApi(NativeLibrary library) {
        this.library = library;
        eventQuery = library.address("cudaEventQuery");
        eventRecord = library.address("cudaEventRecord");
        eventSynchronize = library.address("cudaEventSynchronize");
        getDevice = library.address("cudaGetDevice");
        graphLaunch = library.address("cudaGraphLaunch");
        memcpyAsync = library.address("cudaMemcpyAsync");
        setDevice = library.address("cudaSetDevice");
        streamSynchronize = library.address("cudaStreamSynchronize");
        streamWaitEvent = library.address("cudaStreamWaitEvent");
    }

    /** Returns the library that the functions were bound from, for those that are not here. */
    public NativeLibrary library() {
        return library;
    }

    // ---- Devices

    /** Returns the version of the runtime: 1000 times the major plus 10 times the minor one. */
    public int runtimeVersion() {
        return (int) get("cudaRuntimeGetVersion", cudaGetDeviceCount_fn::invoke);
    }

    /** Returns the newest version of CUDA that the driver knows; 0 if there is no driver. */
    public int driverVersion() {
        return (int) get("cudaDriverGetVersion", cudaGetDeviceCount_fn::invoke);
    }

    /** Returns the number of devices; 0 also without a driver, or with one too old for this. */
    public int deviceCount() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            String function = "cudaGetDeviceCount";
            int code = cudaGetDeviceCount_fn.invoke(library.address(function), slot);
            if (code == CudaRuntime.cudaErrorNoDevice()
                    || code == CudaRuntime.cudaErrorInsufficientDriver()) {
                forgetError();
                return 0;
            }
            check(code, function);
            return slot.get(JAVA_INT, 0);
        }
    }

    /** Returns the index of the calling thread's current device. */
    public int currentDevice() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            check(cudaGetDevice_fn.invoke(getDevice, slot), "cudaGetDevice");
            return slot.get(JAVA_INT, 0);
        }
    }

    /** Makes a device the calling thread's current one. */
    public void setDevice(int device) {
        check(cudaSetDevice_fn.invoke(setDevice, device), "cudaSetDevice");
    }

    /** A device that is a thread's current one until this is closed, on the same thread. */
    public final class InUse implements AutoCloseable {
        private final int before;

        private InUse(int before) {
            this.before = before;
        }

        @Override
        public void close() {
            if (before >= 0) {
                setDevice(before);
            }
        }
    }

    /** Makes a device the calling thread's current one for a while. */
    public InUse use(int device) {
        int before = currentDevice();
        if (before == device) {
            return new InUse(-1);
        }
        setDevice(device);
        return new InUse(before);
    }

    /**
     * The memory of a device, in bytes.
     *
     * @param free what no process uses
     */
    public record Memory(long free, long total) {}

    /** Returns how much memory the current device has. */
    public Memory memory() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slots = arena.allocate(JAVA_LONG, 2);
            String function = "cudaMemGetInfo";
            check(
                    cudaMemGetInfo_fn.invoke(
                            library.address(function), slots, slots.asSlice(JAVA_LONG.byteSize())),
                    function);
            return new Memory(slots.getAtIndex(JAVA_LONG, 0), slots.getAtIndex(JAVA_LONG, 1));
        }
    }

    /** Waits until all work of the current device is done. */
    public void synchronizeDevice() {
        String function = "cudaDeviceSynchronize";
        check(cudaDeviceSynchronize_fn.invoke(library.address(function)), function);
    }

    // ---- Memory

    /** Copies bytes in the order of a stream's work. The addresses say what is on a device. */
    public void copyAsync(
            MemorySegment destination, MemorySegment source, long bytes, MemorySegment stream) {
        check(
                cudaMemcpyAsync_fn.invoke(
                        memcpyAsync,
                        destination,
                        source,
                        bytes,
                        CudaRuntime.cudaMemcpyDefault(),
                        stream),
                "cudaMemcpyAsync");
    }

    /**
     * What CUDA knows of an address.
     *
     * @param onDevice whether it is memory of a device, or managed memory, which both sides use
     * @param device the device's index; of no meaning elsewhere
     */
    public record Pointer(boolean onDevice, int device) {}

    /** Returns what memory an address is in. */
    public Pointer pointer(MemorySegment address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(cudaPointerAttributes.layout());
            String function = "cudaPointerGetAttributes";
            check(
                    cudaPointerGetAttributes_fn.invoke(
                            library.address(function), attributes, address),
                    function);
            int type = cudaPointerAttributes.type(attributes);
            return new Pointer(
                    type == CudaRuntime.cudaMemoryTypeDevice()
                            || type == CudaRuntime.cudaMemoryTypeManaged(),
                    cudaPointerAttributes.device(attributes));
        }
    }

    // ---- Streams

    /** Makes a stream of the current device that does not wait for its default stream. */
    public MemorySegment createStream() {
        int flags = CudaRuntime.cudaStreamNonBlocking();
        return pointer(
                "cudaStreamCreateWithFlags",
                (function, slot) -> cudaStreamCreateWithFlags_fn.invoke(function, slot, flags));
    }

    /** Destroys a stream of {@link #createStream}. Its work in flight is finished. */
    public void destroyStream(MemorySegment stream) {
        String function = "cudaStreamDestroy";
        check(cudaStreamDestroy_fn.invoke(library.address(function), stream), function);
    }

    /** Waits until a stream's work is done. */
    public void synchronizeStream(MemorySegment stream) {
        check(cudaStreamSynchronize_fn.invoke(streamSynchronize, stream), "cudaStreamSynchronize");
    }

    /** Returns whether a stream's work is done. */
    public boolean isStreamDone(MemorySegment stream) {
        String function = "cudaStreamQuery";
        return isReady(cudaStreamQuery_fn.invoke(library.address(function), stream), function);
    }

    /** Makes the later work of a stream wait for an event. */
    public void waitEvent(MemorySegment stream, MemorySegment event) {
        check(
                cudaStreamWaitEvent_fn.invoke(streamWaitEvent, stream, event, 0),
                "cudaStreamWaitEvent");
    }

    // ---- Events

    /** Makes an event of the current device; only that device's streams can record it. */
    public MemorySegment createEvent(boolean timing) {
        int flags = timing ? CudaRuntime.cudaEventDefault() : CudaRuntime.cudaEventDisableTiming();
        return pointer(
                "cudaEventCreateWithFlags",
                (function, slot) -> cudaEventCreateWithFlags_fn.invoke(function, slot, flags));
    }

    /** Destroys an event. */
    public void destroyEvent(MemorySegment event) {
        String function = "cudaEventDestroy";
        check(cudaEventDestroy_fn.invoke(library.address(function), event), function);
    }

    /** Records an event behind the work that a stream has been given. */
    public void recordEvent(MemorySegment event, MemorySegment stream) {
        check(cudaEventRecord_fn.invoke(eventRecord, event, stream), "cudaEventRecord");
    }

    /** Returns whether the work before an event is done; true also if it was never recorded. */
    public boolean isEventDone(MemorySegment event) {
        return isReady(cudaEventQuery_fn.invoke(eventQuery, event), "cudaEventQuery");
    }

    /** Waits until the work before an event is done. */
    public void synchronizeEvent(MemorySegment event) {
        check(cudaEventSynchronize_fn.invoke(eventSynchronize, event), "cudaEventSynchronize");
    }

    /** Returns the milliseconds between two events, to about half a microsecond. */
    public float elapsed(MemorySegment start, MemorySegment end) {
        return Float.intBitsToFloat(
                (int)
                        get(
                                "cudaEventElapsedTime",
                                (f, slot) -> cudaEventElapsedTime_fn.invoke(f, slot, start, end)));
    }

    // ---- Captures and graphs

    /** Returns whether a stream is captured and no call has broken the capture. */
    public boolean isCapturing(MemorySegment stream) {
        return (int)
                        get(
                                "cudaStreamIsCapturing",
                                (f, slot) -> cudaStreamIsCapturing_fn.invoke(f, stream, slot))
                == CudaRuntime.cudaStreamCaptureStatusActive();
    }

    /**
     * Begins to capture a stream, which is not the default one: what it is given is recorded. On
     * this thread, calls that would wait for the stream are refused meanwhile.
     */
    public void beginCapture(MemorySegment stream) {
        String function = "cudaStreamBeginCapture";
        int mode = CudaRuntime.cudaStreamCaptureModeThreadLocal();
        check(cudaStreamBeginCapture_fn.invoke(library.address(function), stream, mode), function);
    }

    /** Ends a capture that has been broken, and drops it. */
    public void dropCapture(MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            // Answers that the capture was broken, which is known.
            int _ =
                    cudaStreamEndCapture_fn.invoke(
                            library.address("cudaStreamEndCapture"), stream, slot);
            forgetError();
        }
    }

    /** Makes a graph executable; the caller destroys the result and keeps the graph. */
    public MemorySegment instantiateGraph(MemorySegment graph) {
        return pointer(
                "cudaGraphInstantiateWithFlags",
                (f, slot) -> cudaGraphInstantiateWithFlags_fn.invoke(f, slot, graph, 0L));
    }

    /** Gives a stream all work of an executable graph, whose launches follow one another. */
    public void launchGraph(MemorySegment executable, MemorySegment stream) {
        check(cudaGraphLaunch_fn.invoke(graphLaunch, executable, stream), "cudaGraphLaunch");
    }

    /** Destroys an executable graph, none of whose launches may be in flight. */
    public void destroyGraph(MemorySegment executable) {
        String function = "cudaGraphExecDestroy";
        check(cudaGraphExecDestroy_fn.invoke(library.address(function), executable), function);
    }

    // ---- Errors

    /** Throws a {@link NativeException} if a function of the runtime returned an error. */
    public void check(int code, String function) {
        if (code != 0) {
            throw failure(code, function);
        }
    }

    private boolean isReady(int code, String function) {
        if (code == CudaRuntime.cudaErrorNotReady()) {
            forgetError();
            return false;
        }
        check(code, function);
        return true;
    }

    private NativeException failure(int code, String function) {
        forgetError();
        MemorySegment name = cudaGetErrorName_fn.invoke(library.address("cudaGetErrorName"), code);
        MemorySegment words =
                cudaGetErrorString_fn.invoke(library.address("cudaGetErrorString"), code);
        return new NativeException(
                function, "%s (%d): %s".formatted(name.getString(0), code, words.getString(0)));
    }

    /** What is left there would be taken for the failure of a kernel that PyTorch launches next. */
    private void forgetError() {
        int _ = cudaGetLastError_fn.invoke(library.address("cudaGetLastError"));
    }

    /** A function that leaves its result in eight bytes or fewer. */
    private interface Getter {
        int call(MemorySegment function, MemorySegment slot);
    }

    private MemorySegment pointer(String function, Getter getter) {
        return MemorySegment.ofAddress(get(function, getter));
    }

    /** Returns the result of a function; of a shorter one the lower bits. */
    private long get(String function, Getter getter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_LONG);
            check(getter.call(library.address(function), slot), function);
            return slot.get(JAVA_LONG, 0);
        }
    }
}
