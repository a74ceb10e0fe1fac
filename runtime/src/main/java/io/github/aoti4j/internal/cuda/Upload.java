package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.os.Threads;
import io.github.aoti4j.core.Progress;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Copies host memory, usually mapped files, to a device: several threads fill page-locked buffers
 * while a stream copies those that are full.
 *
 * <p>The copy engine reads page-locked memory at the bus's speed. From a mapping, the driver copies
 * through a small buffer, on one thread, which also takes the page faults.
 *
 * @param budget how many bytes of page-locked memory to use at most; {@link #MIN_BUFFER} are used
 *     in any case
 * @param progress is called on the calling thread
 */
public record Upload(Gpu gpu, long budget, Progress progress) {
    /** Larger ones gain nothing: a copy of this size takes far longer than to launch it. */
    private static final long MAX_BUFFER = 8L << 20;

    private static final long MIN_BUFFER = 1L << 16;

    /** One is filled while the other is copied. */
    private static final int BUFFERS_PER_THREAD = 2;

    /** Enough for the fastest bus: a thread copies 5 to 10 GB each second. */
    private static final int MAX_THREADS = 12;

    /** A part of the copy: bytes, not empty, readable by any thread. */
    public record Piece(MemorySegment source, long offset) {
        long end() {
            return offset + source.byteSize();
        }
    }

    /**
     * Copies pieces, which are ordered and do not overlap, and waits; the bytes between them are
     * undefined. Work of the thread's current stream may still be using the target.
     */
    public void copy(MemorySegment target, List<Piece> pieces, String message) {
        if (pieces.isEmpty()) {
            return;
        }
        CudaApi api = gpu.api();
        try (CudaApi.InUse _ = api.use(gpu.device().index())) {
            MemorySegment stream = api.createStream();
            try (Cleanup _ = () -> api.destroyStream(stream)) {
                try (StreamPoint before = StreamPoint.record(gpu, gpu.currentStream())) {
                    before.makeWait(stream);
                }
                new Work(target, List.copyOf(pieces), stream).run(message);
            }
        }
    }

    /** One copy, by several threads. */
    private final class Work {
        private final MemorySegment target;
        private final List<Piece> pieces;
        private final MemorySegment stream;
        private final long total;
        private final long buffer;
        private final int threads;
        private final AtomicLong nextChunk = new AtomicLong();
        private final AtomicLong done = new AtomicLong();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();

        Work(MemorySegment target, List<Piece> pieces, MemorySegment stream) {
            this.target = target;
            this.pieces = pieces;
            this.stream = stream;
            total = pieces.getLast().end();
            int most = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
            long fit = Math.max(1, budget / (BUFFERS_PER_THREAD * MIN_BUFFER));
            long wanted = (total + MAX_BUFFER - 1) / MAX_BUFFER;
            threads = (int) Math.min(most, Math.min(fit, wanted));
            long each = Math.min(budget / ((long) BUFFERS_PER_THREAD * threads), MAX_BUFFER);
            long size = Math.max(MIN_BUFFER, Long.highestOneBit(Math.max(1, each)));
            while (size > MIN_BUFFER && size / 2 >= total) {
                size /= 2;
            }
            buffer = size;
        }

        void run(String message) {
            progress.update(message, 0, total);
            List<CompletableFuture<Void>> helpers = new ArrayList<>();
            try {
                for (int i = 1; i < threads; i++) {
                    helpers.add(
                            CompletableFuture.runAsync(
                                    () -> guarded(null),
                                    Threads.daemon("aoti4j-upload-" + i)::start));
                }
                guarded(message);
            } finally {
                helpers.forEach(CompletableFuture::join); // whatever interrupts this thread
            }
            if (failure.get() instanceof RuntimeException e) {
                throw e;
            }
            if (failure.get() instanceof Error e) {
                throw e;
            }
            progress.update(message, total, total);
        }

        /** Keeps the first failure of all threads, at which the others stop. */
        private void guarded(String message) {
            try (CudaApi.InUse _ = gpu.api().use(gpu.device().index())) {
                fillAndCopy(message);
            } catch (Throwable e) {
                if (!failure.compareAndSet(null, e)) {
                    failure.get().addSuppressed(e);
                }
            }
        }

        private void fillAndCopy(String message) {
            List<Buffer> ring = new ArrayList<>();
            try (Cleanup _ = () -> closeAll(ring)) {
                for (int turn = 0; failure.get() == null; turn++) {
                    long start = nextChunk.getAndIncrement() * buffer;
                    if (start >= total) {
                        break;
                    }
                    if (ring.size() < BUFFERS_PER_THREAD) {
                        ring.add(new Buffer(buffer));
                    }
                    if (message != null) {
                        progress.update(message, done.get(), total);
                    }
                    long size = Math.min(buffer, total - start);
                    ring.get(turn % BUFFERS_PER_THREAD).fillAndCopy(start, size);
                    done.addAndGet(size);
                }
            }
        }

        /** Waits for the copies from the buffers before it frees them, whatever has failed. */
        private void closeAll(List<Buffer> ring) {
            List<AutoCloseable> steps = new ArrayList<>();
            steps.add(() -> gpu.api().synchronizeStream(stream));
            steps.addAll(ring);
            Closeables.closeAll(steps);
        }

        /** A page-locked buffer and the mark behind the latest copy from it. */
        private final class Buffer implements AutoCloseable {
            private final DeviceMemory memory;
            private final MemorySegment copied;

            Buffer(long size) {
                memory = DeviceMemory.pinned(gpu, size);
                try {
                    copied = gpu.api().createEvent(false);
                } catch (Throwable e) {
                    Closeables.closeAfter(e, memory::free);
                    throw e;
                }
            }

            void fillAndCopy(long start, long size) {
                gpu.api().synchronizeEvent(copied);
                fill(memory.segment(), start, size);
                gpu.api()
                        .copyAsync(
                                MemorySegment.ofAddress(target.address() + start),
                                memory.segment(),
                                size,
                                stream);
                gpu.api().recordEvent(copied, stream);
            }

            @Override
            public void close() {
                Closeables.closeAll(() -> gpu.api().destroyEvent(copied), memory::free);
            }
        }

        /** Fills a buffer with the pieces, or parts of them, that go to a part of the target. */
        private void fill(MemorySegment to, long start, long size) {
            for (int i = firstEndingAfter(start); i < pieces.size(); i++) {
                Piece piece = pieces.get(i);
                long from = Math.max(start, piece.offset());
                long until = Math.min(start + size, piece.end());
                if (from >= until) {
                    return;
                }
                MemorySegment.copy(
                        piece.source(), from - piece.offset(), to, from - start, until - from);
            }
        }

        private int firstEndingAfter(long offset) {
            int low = 0;
            int high = pieces.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (pieces.get(middle).end() > offset) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low;
        }
    }
}
