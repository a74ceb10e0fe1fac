package io.github.aoti4j.stub;

import static io.github.aoti4j.stub.CudaStub.CUDA;
import static io.github.aoti4j.stub.CudaStub.counting;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Cuda;
import io.github.aoti4j.CudaEvent;
import io.github.aoti4j.CudaStream;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Tensors, streams and events of CUDA devices. */
final class CudaTensorScenarios {
    private static final float[] COUNTED = {0, 1, 2, 3, 4, 5, 6, 7};

    @Scenario
    void goesToADeviceAndBack() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor there = counting(arena, 8).to(arena, CUDA);

            assertEquals(CUDA, there.device());
            assertEquals("float32[8] on cuda:0", there.toString());
            assertArrayEquals(COUNTED, there.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void memoryOfADeviceIsAnAddressAndRefusesToBeRead() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor there = counting(arena, 8).to(arena, CUDA);

            assertEquals(0, there.segment().byteSize());
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> there.segment().get(ValueLayout.JAVA_BYTE, 0));
            List<Runnable> reads =
                    List.of(
                            there::toFloatArray,
                            there::toByteArray,
                            () -> there.copy(arena),
                            () -> there.copyWithStrides(arena, 1));
            for (Runnable read : reads) {
                var refused = assertThrows(InvalidInputException.class, read::run);
                assertTrue(
                        refused.getMessage().contains("to(arena, Device.CPU)"),
                        refused::getMessage);
            }
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aCopyOnAStreamIsNotWaitedForUntilItIsRead() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor source = Tensor.pinned(arena, DType.FLOAT32, 8);
            source.copyFrom(counting(arena, 8));
            Tensor there = source.to(arena, CUDA, stream);
            Tensor back = there.to(arena, Device.CPU, stream);

            assertFalse(stream.isIdle());
            assertArrayEquals(COUNTED, back.toFloatArray());
            stream.synchronize();
            assertTrue(stream.isIdle());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aCopyOfOtherMemoryOfTheCpuIsDoneWhenTheCallReturns() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor there = Tensor.empty(arena, CUDA, DType.FLOAT32, 8);
            there.copyFrom(counting(arena, 8), stream);
            assertTrue(stream.isIdle());

            Tensor back = Tensor.zeros(arena, DType.FLOAT32, 8);
            there.copyTo(back, stream);
            assertTrue(stream.isIdle());
            assertArrayEquals(COUNTED, back.toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void laterWorkOnAnotherStreamWaitsForEarlierWorkOnTheSameTensor() {
        try (CudaStream first = CudaStream.create(CUDA);
                CudaStream second = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor source = Tensor.pinned(arena, DType.FLOAT32, 8);
            source.copyFrom(counting(arena, 8));
            Tensor there = source.to(arena, CUDA, first);
            Tensor back = there.to(arena, Device.CPU, second);

            // The first stream is not waited for but by the second.
            second.synchronize();
            float[] seen = back.segment().toArray(ValueLayout.JAVA_FLOAT);
            assertArrayEquals(COUNTED, seen);
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void closingAnArenaWaitsForCopiesFromAndToItsMemory() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena kept = Arena.ofConfined()) {
            Tensor target = Tensor.empty(kept, CUDA, DType.FLOAT32, 8);
            try (Arena brief = Arena.ofConfined()) {
                Tensor source = Tensor.pinned(brief, DType.FLOAT32, 8);
                source.copyFrom(counting(brief, 8));
                target.copyFrom(source, stream);
                assertFalse(stream.isIdle());
            }
            assertTrue(stream.isIdle());
            assertArrayEquals(COUNTED, target.to(kept, Device.CPU).toFloatArray());

            Tensor pinned = Tensor.pinned(kept, DType.FLOAT32, 8);
            try (Arena brief = Arena.ofConfined()) {
                // For the default stream, so that the other stream's work has to be waited for.
                Tensor copy = Tensor.empty(brief, CUDA, DType.FLOAT32, 8);
                copy.copyFrom(target, stream);
                copy.copyTo(pinned, stream);
            }
            assertArrayEquals(COUNTED, pinned.segment().toArray(ValueLayout.JAVA_FLOAT));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void closingTheArenaOfMemoryOfTheStreamItselfDoesNotWait() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena kept = Arena.ofConfined()) {
            Tensor source = Tensor.pinned(kept, DType.FLOAT32, 8);
            try (Arena brief = Arena.ofConfined()) {
                Tensor _ = source.to(brief, CUDA, stream);
            }
            assertFalse(stream.isIdle());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void closedMemoryAndStreamsAreRefused() {
        Arena closed = Arena.ofConfined();
        Tensor dead = counting(closed, 8).to(closed, CUDA);
        closed.close();
        try (Arena arena = Arena.ofConfined()) {
            Tensor alive = counting(arena, 8).to(arena, CUDA);
            assertThrows(IllegalStateException.class, () -> alive.copyFrom(dead));
            assertThrows(IllegalStateException.class, () -> dead.to(arena, Device.CPU));
            assertThrows(
                    IllegalStateException.class,
                    () -> Tensor.empty(closed, CUDA, DType.FLOAT32, 8));

            CudaStream stream = CudaStream.create(CUDA);
            stream.close();
            stream.close();
            assertThrows(IllegalStateException.class, stream::synchronize);
            assertThrows(IllegalStateException.class, () -> alive.copyFrom(alive, stream));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void wrapsMemoryOfItsDeviceAndNoOther() throws Exception {
        wrapAndRead();
        // What is known of other code's memory goes with the collector.
        for (int i = 0; i < 500 && CudaStub.get("events") > 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        CudaStub.requireNothingLeft();
    }

    private static void wrapAndRead() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = counting(arena, 8).to(arena, CUDA).segment();

            Tensor wrapped = Tensor.wrap(address, CUDA, DType.FLOAT32, 2, 4);
            assertArrayEquals(COUNTED, wrapped.to(arena, Device.CPU).toFloatArray());

            refused("but of cuda:0", address, Device.cuda(1));
            refused("nor of another", counting(arena, 8).segment(), CUDA);
            refused("not a multiple of 4", MemorySegment.ofAddress(address.address() + 1), CUDA);
        }
    }

    private static void refused(String words, MemorySegment address, Device device) {
        var refused =
                assertThrows(
                        InvalidInputException.class,
                        () -> Tensor.wrap(address, device, DType.FLOAT32, 8));
        assertTrue(refused.getMessage().contains(words), refused::getMessage);
    }

    @Scenario
    void whatCannotBeCopiedIsRefusedBeforeAnythingIsDone() {
        try (CudaStream other = CudaStream.create(Device.cuda(1));
                Arena arena = Arena.ofConfined()) {
            Tensor there = Tensor.empty(arena, CUDA, DType.FLOAT32, 8);
            Tensor source = counting(arena, 8);
            assertThrows(InvalidInputException.class, () -> there.copyFrom(counting(arena, 4)));
            assertThrows(
                    InvalidInputException.class,
                    () -> there.copyFrom(Tensor.zeros(arena, DType.INT32, 8)));
            assertThrows(InvalidInputException.class, () -> there.copyFrom(source, other));
            assertThrows(InvalidInputException.class, () -> source.to(arena, CUDA, other));
            assertThrows(
                    IncompatibleModelException.class,
                    () -> Tensor.empty(arena, Device.cuda(2), DType.FLOAT32, 8));
            assertEquals(0, CudaStub.get("pending"));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aCopyThatFailsLeavesNothingBehind() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor there = Tensor.empty(arena, CUDA, DType.FLOAT32, 8);
            Tensor source = counting(arena, 8);
            for (String function :
                    List.of("cudaMemcpyAsync", "cudaEventCreateWithFlags", "cudaEventRecord")) {
                Stub.fail(function, 0, 1);
                var failure =
                        assertThrows(NativeException.class, () -> there.copyFrom(source, stream));
                assertEquals(function, failure.function());
                assertTrue(
                        failure.getMessage().contains("cudaErrorMemoryAllocation (2): out of"),
                        failure::getMessage);
            }
            there.copyFrom(source, stream);
            assertArrayEquals(COUNTED, there.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void noMemoryIsATypedExceptionAndNoTensor() {
        try (Arena arena = Arena.ofConfined()) {
            Stub.fail("aoti_torch_empty_strided", 0, 1);
            var failure =
                    assertThrows(
                            NativeException.class,
                            () -> Tensor.empty(arena, CUDA, DType.FLOAT32, 8));
            assertEquals("aoti_torch_empty_strided", failure.function());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void eventsOrderStreamsAndTellTheTime() {
        try (CudaStream first = CudaStream.create(CUDA);
                CudaStream second = CudaStream.create(CUDA);
                CudaEvent start = CudaEvent.create(CUDA);
                CudaEvent end = CudaEvent.create(CUDA)) {
            start.record(first);
            second.waitFor(start);
            end.record(second);
            assertFalse(end.isDone());
            assertThrows(NativeException.class, () -> end.millisecondsSince(start));
            end.synchronize();
            assertTrue(start.isDone());
            assertEquals(1.5f, end.millisecondsSince(start));
            try (CudaStream elsewhere = CudaStream.create(Device.cuda(1))) {
                assertThrows(InvalidInputException.class, () -> end.record(elsewhere));
            }
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aStreamInUseIsTheThreadsCurrentOneUntilItIsClosed() {
        MemorySegment before = CudaStream.current(CUDA).handle();
        try (CudaStream stream = CudaStream.create(CUDA)) {
            try (CudaStream.InUse _ = stream.use()) {
                assertEquals(
                        stream.handle().address(), CudaStream.current(CUDA).handle().address());
            }
            assertEquals(before.address(), CudaStream.current(CUDA).handle().address());
        }
        assertTrue(CudaStream.fromPool(CUDA, true).handle().address() != 0);
        assertEquals(before.address(), CudaStream.wrap(CUDA, before).handle().address());
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void describesTheDevicesAndTheirMemory() {
        assertEquals(
                List.of(
                        new Cuda.Properties(CUDA, "stub 0", 90),
                        new Cuda.Properties(Device.cuda(1), "stub 1", 90)),
                Cuda.devices());
        assertTrue(Cuda.isAvailable());
        long free = Cuda.memory(CUDA).free();
        try (Arena arena = Arena.ofConfined()) {
            Tensor _ = Tensor.empty(arena, CUDA, DType.FLOAT32, 8);
            assertTrue(Cuda.memory(CUDA).free() < free);
        }
        assertEquals(free, Cuda.memory(CUDA).free());
        Cuda.synchronize(CUDA);
    }
}
