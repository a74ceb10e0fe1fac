package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.CudaGraphApi;
import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Work of a stream of one device, recorded once and launched as a whole. */
public record CapturedGraph(Gpu gpu, CudaGraphApi pool, MemorySegment executable)
        implements AutoCloseable {

    /** Work for a stream, which is the calling thread's current one; waits for nothing. */
    @FunctionalInterface
    public interface Work {
        void submit(MemorySegment stream);
    }

    /**
     * Records work, after {@code before} has loaded kernels and made what libraries keep for a
     * stream. Memory allocated meanwhile is from a pool of the graph, which must outlive its users.
     */
    public static CapturedGraph record(Gpu gpu, Work before, Work work) {
        LibTorchCuda libtorch = LibTorchCuda.load();
        List<String> missing =
                CudaGraphApi.REQUIRED.stream().filter(symbol -> !libtorch.has(symbol)).toList();
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "this libtorch cannot capture CUDA graphs, it lacks %s; PyTorch 2.11 and later have them"
                            .formatted(String.join(", ", missing)));
        }
        synchronized (gpu) {
            MemorySegment stream = gpu.captureStream();
            try (TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream)) {
                before.submit(stream);
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
            capture(api, pool, stream, work);
            return new CapturedGraph(gpu, pool, api.instantiateGraph(pool.graph()));
        } catch (Throwable e) {
            Closeables.closeAfter(e, pool);
            throw e;
        }
    }

    /** Ends the capture in every case, since the pool cannot be freed before. */
    private static void capture(CudaApi api, CudaGraphApi pool, MemorySegment stream, Work work) {
        try {
            work.submit(stream);
        } catch (Throwable e) {
            endCapture(api, pool, stream, e);
            throw e;
        }
        endCapture(api, pool, stream, null);
    }

    private static void endCapture(
            CudaApi api, CudaGraphApi pool, MemorySegment stream, Throwable failure) {
        if (api.isCapturing(stream)) {
            pool.end();
            return;
        }
        // PyTorch would throw, which cannot pass through Java. It is given an empty capture in
        // place of the broken one, and ends that.
        api.dropCapture(stream);
        api.beginCapture(stream);
        pool.end();
        IncompatibleModelException broken =
                new IncompatibleModelException(
                        "the run cannot be captured as a CUDA graph: the model waits for the device"
                            + " in the middle of it, as those do whose control flow or sizes depend"
                            + " on values, or that copy from pageable memory");
        if (failure != null) {
            broken.addSuppressed(failure);
        }
        throw broken;
    }

    /** Submits the work to a stream; the caller orders launches on several streams. */
    public void launch(MemorySegment stream) {
        gpu.api().launchGraph(executable, stream);
    }

    /** Destroys the graph, none of whose launches may be in flight, and frees the pool. */
    @Override
    public void close() {
        Closeables.closeAll(() -> gpu.api().destroyGraph(executable), pool);
    }
}
