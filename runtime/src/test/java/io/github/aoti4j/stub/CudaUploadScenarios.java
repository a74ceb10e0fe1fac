package io.github.aoti4j.stub;

import static io.github.aoti4j.stub.CudaStub.CUDA;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.cuda.DeviceMemory;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.cuda.StreamPoint;
import io.github.aoti4j.internal.cuda.Upload;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Weights on their way to a device, while copies are done as late as can be. */
final class CudaUploadScenarios {
    private static final long KIB = 1024;
    private static final long GAP = 40;

    private static List<Upload.Piece> pieces(Arena arena, long... sizes) {
        List<Upload.Piece> pieces = new ArrayList<>();
        long offset = 0;
        int seed = 1;
        for (long size : sizes) {
            MemorySegment source = arena.allocate(size, 8);
            for (long i = 0; i < size; i++) {
                seed = seed * 1103515245 + 12345;
                source.set(ValueLayout.JAVA_BYTE, i, (byte) (seed >>> 16));
            }
            pieces.add(new Upload.Piece(source, offset));
            offset += size + GAP;
        }
        return pieces;
    }

    private static void requireCopied(List<Upload.Piece> pieces, long budget) {
        long total = pieces.getLast().offset() + pieces.getLast().source().byteSize();
        List<Long> heard = new ArrayList<>();
        Progress listener = (message, done, all) -> heard.add(done);
        try (DeviceMemory target = DeviceMemory.allocate(Gpu.of(CUDA), total);
                Arena arena = Arena.ofConfined()) {
            new Upload(Gpu.of(CUDA), budget, listener)
                    .copy(target.segment(), pieces, "copying weights");
            MemorySegment back = arena.allocate(total);
            // Pageable memory: the copy is done when this returns.
            Gpu.of(CUDA).api().copyAsync(back, target.segment(), total, MemorySegment.NULL);
            for (Upload.Piece piece : pieces) {
                long size = piece.source().byteSize();
                assertEquals(-1, back.asSlice(piece.offset(), size).mismatch(piece.source()));
            }
        }
        assertEquals(0, heard.getFirst());
        assertEquals(total, heard.getLast());
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void buffersAreFilledAgainOnlyWhenTheirCopyIsDone() {
        try (Arena arena = Arena.ofShared()) {
            requireCopied(pieces(arena, 1500 * KIB + 7), 128 * KIB);
        }
    }

    @Scenario
    void severalThreadsFillBuffersOfOneRing() {
        try (Arena arena = Arena.ofShared()) {
            requireCopied(pieces(arena, 20_000 * KIB, 3, 9_000 * KIB), 2048 * KIB);
        }
    }

    @Scenario
    void memorySaysAllThatFailsWhenItIsFreed() {
        Gpu gpu = Gpu.of(CUDA);
        MemoryUses uses = MemoryUses.ofNoStream();
        try (CudaApi.InUse _ = gpu.use()) {
            List<MemorySegment> streams =
                    List.of(gpu.api().createStream(), gpu.api().createStream());
            for (MemorySegment stream : streams) {
                uses.begin(gpu, stream);
                try (StreamPoint point = StreamPoint.record(gpu, stream)) {
                    uses.end(gpu, stream, point);
                }
            }
            Stub.fail("cudaEventSynchronize");
            var e = assertThrows(NativeException.class, uses::close);
            Stub.work();
            assertEquals(1, e.getSuppressed().length);
            streams.forEach(gpu.api()::destroyStream);
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void smallPiecesShareBuffersAndLargeOnesTakeSeveral() {
        try (Arena arena = Arena.ofShared()) {
            requireCopied(pieces(arena, 1, 40, 70 * KIB, 8, 200 * KIB, 5), 64 * KIB);
        }
    }

    @Scenario
    void aCopyThatFailsLeavesNothing() {
        try (Arena arena = Arena.ofShared()) {
            List<Upload.Piece> pieces = pieces(arena, 1500 * KIB);
            for (String function :
                    List.of("cudaMemcpyAsync", "cudaEventRecord", "cudaEventCreateWithFlags")) {
                try (DeviceMemory target = DeviceMemory.allocate(Gpu.of(CUDA), 1500 * KIB)) {
                    Stub.fail(function, 3, 1);
                    if (function.equals("cudaEventCreateWithFlags")) {
                        Stub.fail(function, 1, 1);
                    }
                    Upload upload = new Upload(Gpu.of(CUDA), 128 * KIB, Progress.NONE);
                    var failure =
                            assertThrows(
                                    NativeException.class,
                                    () -> upload.copy(target.segment(), pieces, ""));
                    assertTrue(failure.getMessage().contains(function), failure::getMessage);
                }
                CudaStub.requireNothingLeft();
            }
        }
    }

    @Scenario
    void whatTheListenerThrowsEndsTheCopy() {
        RuntimeException enough = new IllegalStateException("enough");
        Progress listener =
                (message, done, total) -> {
                    if (done > 0) {
                        throw enough;
                    }
                };
        try (Arena arena = Arena.ofShared();
                DeviceMemory target = DeviceMemory.allocate(Gpu.of(CUDA), 1500 * KIB)) {
            List<Upload.Piece> pieces = pieces(arena, 1500 * KIB);
            Upload upload = new Upload(Gpu.of(CUDA), 128 * KIB, listener);
            assertSame(
                    enough,
                    assertThrows(
                            IllegalStateException.class,
                            () -> upload.copy(target.segment(), pieces, "")));
        }
        CudaStub.requireNothingLeft();
    }
}
