package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.CudaGraphApi;
import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.libtorch.LibTorchCuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Work of a stream that has been recorded once and can be launched as a whole. Of one device. */
public final class CapturedGraph implements AutoCloseable {
    private final Gpu gpu;
    private final CudaGraphApi pool;
    private final MemorySegment executable;

    private CapturedGraph(Gpu gpu, CudaGraphApi pool, MemorySegment executable) {
        this.gpu = gpu;
        this.pool = pool;
        this.executable = executable;
    }

    /** What can be given to a stream. */
    @FunctionalInterface
    public interface Work {
        /**
         * Gives it to a stream, and waits for nothing.
         *
         * @param stream the calling thread's current one, of the graph's device
         */
        void give(MemorySegment stream);
    }

    /**
     * Records work. Memory that PyTorch's allocator gives out meanwhile is from a pool of the
     * graph's own, and stays the graph's when it is freed.
     *
     * @param before is done first, on the same thread and stream: loads kernels, and makes what
     *     libraries keep for a stream, which cannot be recorded
     * @return the recorded work, to be closed by the caller when what uses memory of its pool is
     *     gone
     * @throws IncompatibleModelException if the work has done something that cannot be recorded, or
     *     libtorch cannot record
     */
    public static CapturedGraph record(Gpu gpu, Work before, Work work) {
        LibTorchCuda libtorch = LibTorchCuda.load();
        List<String> missing = new ArrayList<>();
        for (String symbol : CudaGraphApi.REQUIRED) {
            if (!libtorch.has(symbol)) {
                missing.add(symbol);
            }
        }
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "this libtorch cannot capture CUDA graphs, it lacks %s; PyTorch 2.11 and later have them"
                            .formatted(String.join(", ", missing)));
        }
        synchronized (gpu) {
            MemorySegment stream = gpu.captureStream();
            try (TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream)) {
                before.give(stream);
                gpu.api().synchronizeStream(stream);
                return capture(gpu, stream, work);
            }
        }
    }

    private static CapturedGraph capture(Gpu gpu, MemorySegment stream, Work work) {
        CudaApi api = gpu.api();
        CudaGraphApi pool = new CudaGraphApi();
        try {
            pool.begin();
            end(api, pool, stream, work);
            return new CapturedGraph(gpu, pool, api.instantiateGraph(pool.graph()));
        } catch (Throwable e) {
            Closeables.closeAfter(e, pool);
            throw e;
        }
    }

    /** Ends the capture in every case, since the pool cannot be given back before. */
    private static void end(CudaApi api, CudaGraphApi pool, MemorySegment stream, Work work) {
        Throwable failure = null;
        try {
            work.give(stream);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        if (!api.isCapturing(stream)) {
            // PyTorch would throw what cannot pass through Java. It is given an empty capture in
            // place of the broken one, and ends that.
            api.dropCapture(stream);
            api.beginCapture(stream);
            pool.end();
            IncompatibleModelException broken =
                    new IncompatibleModelException(
                            "the run cannot be captured as a CUDA graph: the model waits for the"
                                + " device in the middle of it, as those do whose control flow or"
                                + " sizes depend on values, or that copy from pageable memory");
            if (failure != null) {
                broken.addSuppressed(failure);
            }
            throw broken;
        }
        pool.end();
        switch (failure) {
            case null -> {}
            case Error e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new AssertionError("nothing checked is caught here", failure);
        }
    }

    /**
     * Gives the work to a stream.
     *
     * @param stream of the graph's device; launches on several streams must be ordered by the
     *     caller
     */
    public void launch(MemorySegment stream) {
        gpu.api().launchGraph(executable, stream);
    }

    /** Destroys the graph, none of whose launches may be in flight, and gives the pool back. */
    @Override
    public void close() {
        Closeables.closeAll(() -> gpu.api().destroyGraph(executable), pool);
    }
}
