package io.github.aoti4j.stub;

import static io.github.aoti4j.stub.CudaStub.CUDA;
import static io.github.aoti4j.stub.CudaStub.counting;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.CudaStream;
import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;

/** Models on CUDA devices. */
final class CudaModelScenarios {
    private static final float[] ONE_MORE = {1, 2, 3, 4};

    @Scenario
    void runsOnTheFirstDeviceWithItsKernelsUnpacked() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined()) {
            assertEquals(CUDA, model.device());
            Tensor output = model.run(arena, counting(arena, 4).to(arena, CUDA)).getFirst();

            assertEquals("float32[4] on cuda:0", output.toString());
            assertArrayEquals(ONE_MORE, output.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void runsOnTheDeviceThatIsAskedFor() {
        Device second = Device.cuda(1);
        try (Model model = CudaStub.load(second);
                Arena arena = Arena.ofConfined()) {
            Tensor output = model.run(arena, counting(arena, 4).to(arena, second)).getFirst();

            assertEquals(second, output.device());
            assertArrayEquals(ONE_MORE, output.to(arena, Device.CPU).toFloatArray());
            assertRefused("must be on cuda:1", model, counting(arena, 4).to(arena, CUDA));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void refusesInputsOnTheCpu() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined()) {
            assertRefused("must be on cuda:0", model, counting(arena, 4));
            assertFalse(model.accepts(counting(arena, 4)));
            assertEquals(0, CudaStub.get("pending"));
        }
        CudaStub.requireNothingLeft();
    }

    private static void assertRefused(String words, Model model, Tensor input) {
        try (Arena arena = Arena.ofConfined()) {
            var refused = assertThrows(InvalidInputException.class, () -> model.run(arena, input));
            assertTrue(refused.getMessage().contains(words), refused::getMessage);
        }
    }

    @Scenario
    void aModelOnTheCpuRefusesInputsOfADevice() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            assertRefused("must be on cpu", model, counting(arena, 4).to(arena, CUDA));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aRunOnAStreamReturnsBeforeItIsDoneAndWaitsForItsInput() {
        try (Model model = CudaStub.load();
                CudaStream copies = CudaStream.create(CUDA);
                CudaStream runs = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor host = Tensor.pinned(arena, DType.FLOAT32, 4);
            host.copyFrom(counting(arena, 4));
            Tensor input = host.to(arena, CUDA, copies);
            Tensor output = model.run(runs, arena, input).getFirst();

            assertFalse(runs.isIdle());
            // By the default stream, which waits for the one that runs.
            assertArrayEquals(ONE_MORE, output.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void inputsAndOutputsMayBeClosedUnderARunInFlight() {
        try (Model model = CudaStub.load();
                CudaStream stream = CudaStream.create(CUDA);
                Arena kept = Arena.ofConfined()) {
            Tensor host;
            try (Arena brief = Arena.ofConfined()) {
                Tensor input = counting(brief, 4).to(brief, CUDA);
                Tensor output = model.run(stream, brief, input).getFirst();
                host = output.to(kept, Device.CPU, stream);
                assertFalse(stream.isIdle());
            }
            assertArrayEquals(ONE_MORE, host.toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aModelClosedUnderARunInFlightIsDeletedAfterIt() {
        try (CudaStream stream = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            Tensor input = counting(arena, 4).to(arena, CUDA);
            try (Model model = CudaStub.load();
                    Arena brief = Arena.ofConfined()) {
                assertEquals(1, model.run(stream, brief, input).size());
                assertFalse(stream.isIdle());
            }
            assertTrue(stream.isIdle());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aRunThatFailsHalfWayIsWaitedForAllTheSame() {
        try (Model model = CudaStub.load();
                CudaStream stream = CudaStream.create(CUDA);
                Arena arena = Arena.ofConfined()) {
            try (Arena brief = Arena.ofConfined()) {
                Tensor input = counting(brief, 4).to(brief, CUDA);
                Stub.fail(Stub.RUN, 0, 1);
                assertThrows(NativeException.class, () -> model.run(stream, brief, input));
            }
            Tensor input = counting(arena, 4).to(arena, CUDA);
            Tensor output = model.run(stream, arena, input).getFirst();
            assertArrayEquals(ONE_MORE, output.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void refusesAStreamOfAnotherDevice() {
        try (Model model = CudaStub.load();
                CudaStream stream = CudaStream.create(Device.cuda(1));
                Arena arena = Arena.ofConfined()) {
            Tensor input = counting(arena, 4).to(arena, CUDA);
            assertThrows(InvalidInputException.class, () -> model.run(stream, arena, input));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void refusesAPackageForAnotherComputeCapabilityNamingBoth() {
        var refused =
                assertThrows(
                        IncompatibleModelException.class, () -> Model.load(CudaStub.path("80")));

        assertTrue(
                refused.getMessage()
                        .contains(
                                "was compiled for cuda (compute capability 8.0), and this is cuda:0"
                                        + " (stub 0, compute capability 9.0)"),
                refused::getMessage);
    }

    @Scenario
    void refusesADeviceThatIsNotThere() {
        var refused =
                assertThrows(IncompatibleModelException.class, () -> CudaStub.load(Device.cuda(2)));

        assertTrue(refused.getMessage().contains("there is no cuda:2"), refused::getMessage);
    }
}
