package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
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
import io.github.aoti4j.core.IncompatibleModelException;
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

    /**
     * Binds the functions.
     *
     * @param library libcudart, or a library that needs it; never closed
     * @throws IncompatibleModelException if it does not have them
     */
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

    /**
     * Returns the library that the functions were bound from, for those that are not here:
     * libcudart, or a library that needs it.
     */
    public NativeLibrary library() {
        return library;
    }

    // ---- Devices

    /**
     * Returns the version of the runtime: 1000 times the major version plus 10 times the minor one.
     */
    public int runtimeVersion() {
        return integer("cudaRuntimeGetVersion");
    }

    /**
     * Returns the newest version of CUDA that the driver knows, as {@link #runtimeVersion}; 0 if
     * there is no driver.
     */
    public int driverVersion() {
        return integer("cudaDriverGetVersion");
    }

    /**
     * Returns the number of devices, 0 also if there is no driver, or none that serves this
     * runtime.
     */
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

    /** Returns the calling thread's current device: its index. */
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
     * @param onDevice whether it is memory of a device, or such as both sides use
     * @param device the device's index; of no meaning elsewhere
     */
    public record Pointer(boolean onDevice, int device) {}

    /** Tells what memory an address is in. */
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

    /**
     * Makes a stream of the current device that does not wait for its default stream. Returns the
     * stream, which the caller destroys.
     */
    public MemorySegment createStream() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            String function = "cudaStreamCreateWithFlags";
            check(
                    cudaStreamCreateWithFlags_fn.invoke(
                            library.address(function), slot, CudaRuntime.cudaStreamNonBlocking()),
                    function);
            return slot.get(ADDRESS, 0);
        }
    }

    /**
     * Destroys a stream. Its work in flight is finished.
     *
     * @param stream a stream of {@link #createStream}
     */
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

    /** Lets what is given to a stream from now on wait for an event. */
    public void waitEvent(MemorySegment stream, MemorySegment event) {
        check(
                cudaStreamWaitEvent_fn.invoke(streamWaitEvent, stream, event, 0),
                "cudaStreamWaitEvent");
    }

    // ---- Events

    /**
     * Makes an event of the current device. Only that device's streams can record it.
     *
     * @param timing whether it notes the time
     * @return the event, which the caller destroys
     */
    public MemorySegment createEvent(boolean timing) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            String function = "cudaEventCreateWithFlags";
            check(
                    cudaEventCreateWithFlags_fn.invoke(
                            library.address(function),
                            slot,
                            timing
                                    ? CudaRuntime.cudaEventDefault()
                                    : CudaRuntime.cudaEventDisableTiming()),
                    function);
            return slot.get(ADDRESS, 0);
        }
    }

    /**
     * Destroys an event.
     *
     * @param event no longer valid afterwards
     */
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

    /**
     * Returns the time between two events.
     *
     * @param start recorded before
     * @return milliseconds, with a resolution of about half a microsecond
     */
    public float elapsed(MemorySegment start, MemorySegment end) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_FLOAT);
            String function = "cudaEventElapsedTime";
            check(
                    cudaEventElapsedTime_fn.invoke(library.address(function), slot, start, end),
                    function);
            return slot.get(JAVA_FLOAT, 0);
        }
    }

    // ---- Captures and graphs

    /**
     * Returns whether a capture of a stream is still sound; false if a call has broken the capture,
     * or there is none.
     */
    public boolean isCapturing(MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            String function = "cudaStreamIsCapturing";
            check(
                    cudaStreamIsCapturing_fn.invoke(library.address(function), stream, slot),
                    function);
            return slot.get(JAVA_INT, 0) == CudaRuntime.cudaStreamCaptureStatusActive();
        }
    }

    /**
     * Begins to capture a stream: what it is given is recorded. On this thread, calls are refused
     * meanwhile that would wait for the stream.
     *
     * @param stream a stream that is not the default one
     */
    public void beginCapture(MemorySegment stream) {
        String function = "cudaStreamBeginCapture";
        check(
                cudaStreamBeginCapture_fn.invoke(
                        library.address(function),
                        stream,
                        CudaRuntime.cudaStreamCaptureModeThreadLocal()),
                function);
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

    /**
     * Makes a graph executable.
     *
     * @param graph stays the caller's
     * @return which the caller destroys
     */
    public MemorySegment instantiateGraph(MemorySegment graph) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            String function = "cudaGraphInstantiateWithFlags";
            check(
                    cudaGraphInstantiateWithFlags_fn.invoke(
                            library.address(function), slot, graph, 0L),
                    function);
            return slot.get(ADDRESS, 0);
        }
    }

    /**
     * Gives a stream all work of a graph.
     *
     * @param executable of {@link #instantiateGraph}; its launches follow one another
     */
    public void launchGraph(MemorySegment executable, MemorySegment stream) {
        check(cudaGraphLaunch_fn.invoke(graphLaunch, executable, stream), "cudaGraphLaunch");
    }

    /**
     * Destroys an executable graph, none of whose launches may be in flight.
     *
     * @param executable of {@link #instantiateGraph}
     */
    public void destroyGraph(MemorySegment executable) {
        String function = "cudaGraphExecDestroy";
        check(cudaGraphExecDestroy_fn.invoke(library.address(function), executable), function);
    }

    // ---- Errors

    /**
     * Checks what a function of the runtime has answered on this thread.
     *
     * @param code a {@code cudaError_t}
     * @throws NativeException if it is an error
     */
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
        return new NativeException(
                function,
                "%s (%d): %s"
                        .formatted(
                                cudaGetErrorName_fn
                                        .invoke(library.address("cudaGetErrorName"), code)
                                        .getString(0),
                                code,
                                cudaGetErrorString_fn
                                        .invoke(library.address("cudaGetErrorString"), code)
                                        .getString(0)));
    }

    /** What is left there would be taken for the failure of a kernel that PyTorch launches next. */
    private void forgetError() {
        int _ = cudaGetLastError_fn.invoke(library.address("cudaGetLastError"));
    }

    private int integer(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            check(cudaGetDeviceCount_fn.invoke(library.address(function), slot), function);
            return slot.get(JAVA_INT, 0);
        }
    }
}
