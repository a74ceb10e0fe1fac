package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.GpuStream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A queue of work for a CUDA device, done in order: calls that submit copies and runs return before
 * these are done.
 *
 * <p>Work that this library submits to different streams is ordered where it touches the same
 * tensor: later work waits for earlier work, on the device. What other code does with a tensor's
 * memory is not known here; order it with events ({@link CudaEvent}).
 *
 * <p>Thread-safe; a stream does the work of several threads in the order of submission.
 * Asynchronous work that fails, such as a kernel that reads where nothing is, makes later calls
 * throw a {@link NativeException}, and CUDA usually refuses all further work of the process.
 */
public final class CudaStream implements AutoCloseable {
    private final GpuStream stream;

    /** Owns the stream's handle, which calls keep open; null for a borrowed stream. */
    private final Arena arena;

    private CudaStream(Gpu gpu, MemorySegment handle, Arena arena) {
        this.stream = new GpuStream(gpu, handle);
        this.arena = arena;
    }

    /**
     * Returns the stream that PyTorch uses on a device for this thread: the device's default one,
     * unless another is {@link #use() in use}.
     *
     * @param device a CUDA device
     * @return borrowed; closing it does nothing
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static CudaStream current(Device device) {
        Gpu gpu = Gpu.of(device);
        return new CudaStream(gpu, gpu.currentStream(), null);
    }

    /**
     * Makes a stream, which does not wait for the device's default one, nor that for it.
     *
     * @param device a CUDA device
     * @return to be closed by the caller
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static CudaStream create(Device device) {
        Gpu gpu = Gpu.of(device);
        MemorySegment made = gpu.createStream();
        Arena arena = Arena.ofShared();
        return new CudaStream(gpu, made.reinterpret(0, arena, gpu.api()::destroyStream), arena);
    }

    /**
     * Returns a stream of PyTorch's pool, which holds 32 for each device and priority and returns
     * them in turn.
     *
     * @param device a CUDA device
     * @param highPriority whether its work goes before that of other streams
     * @return borrowed; closing it does nothing
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static CudaStream fromPool(Device device, boolean highPriority) {
        Gpu gpu = Gpu.of(device);
        return new CudaStream(gpu, TorchCudaApi.streamFromPool(device.index(), highPriority), null);
    }

    /**
     * Wraps a stream that other code has made.
     *
     * @param device the stream's device
     * @param stream a {@code cudaStream_t}, or {@code CUstream}; must stay valid as long as this is
     *     used, and work submitted to it is in flight
     * @return borrowed; closing it does nothing
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static CudaStream wrap(Device device, MemorySegment stream) {
        return new CudaStream(Gpu.of(device), requireNonNull(stream, "stream"), null);
    }

    /**
     * Returns the stream's device.
     *
     * @return a CUDA device
     */
    public Device device() {
        return stream.device();
    }

    /**
     * Returns the {@code cudaStream_t}, for other code to use.
     *
     * @return an address, null for the default stream; valid until this is closed
     */
    public MemorySegment handle() {
        return stream.handle();
    }

    /** What the rest of the library works on. */
    GpuStream gpuStream() {
        return stream;
    }

    /**
     * Waits until all work of the stream is done.
     *
     * @throws NativeException if it has failed
     * @throws IllegalStateException if this is closed
     */
    public void synchronize() {
        try (CudaApi.InUse _ = stream.gpu().use()) {
            stream.gpu().api().synchronizeStream(handle());
        }
    }

    /**
     * Returns whether all work of the stream is done.
     *
     * @return false while some is in flight
     * @throws NativeException if it has failed
     * @throws IllegalStateException if this is closed
     */
    public boolean isIdle() {
        try (CudaApi.InUse _ = stream.gpu().use()) {
            return stream.gpu().api().isStreamDone(handle());
        }
    }

    /**
     * Makes later work of the stream wait for an event.
     *
     * @param event as it was last recorded, on any device's stream
     * @throws IllegalStateException if one of the two is closed
     */
    public void waitFor(CudaEvent event) {
        try (CudaApi.InUse _ = stream.gpu().use()) {
            stream.gpu().api().waitEvent(handle(), event.handle());
        }
    }

    /** A thread's current stream, until this is closed on the same thread. */
    public static final class InUse implements AutoCloseable {
        private final TorchCudaApi.InUse guard;
        private final Thread owner = Thread.currentThread();
        private boolean closed;

        private InUse(TorchCudaApi.InUse guard) {
            this.guard = guard;
        }

        /**
         * Restores the stream and the device that were current before. Closing again does nothing.
         *
         * @throws WrongThreadException on another thread
         */
        @Override
        @SuppressWarnings("ReferenceEquality") // it is the very thread
        public void close() {
            if (Thread.currentThread() != owner) {
                throw new WrongThreadException("the stream is in use by " + owner);
            }
            if (!closed) {
                closed = true;
                guard.close();
            }
        }
    }

    /**
     * Makes this the calling thread's current stream, and its device the current device, for what
     * is allocated and run without a stream being named.
     *
     * @return to be closed on the same thread, in the reverse order of several
     * @throws IllegalStateException if this is closed
     */
    public InUse use() {
        return new InUse(TorchCudaApi.use(device().index(), handle()));
    }

    /**
     * Waits for the stream's work and destroys it, if {@link #create} has made it. Closing again
     * does nothing.
     *
     * @throws IllegalStateException if another thread is giving it work at the moment
     */
    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            Closeables.closeAll(this::synchronize, arena);
        }
    }

    @Override
    public String toString() {
        return stream.toString();
    }
}
