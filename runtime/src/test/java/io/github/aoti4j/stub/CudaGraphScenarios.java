package io.github.aoti4j.stub;

import static io.github.aoti4j.stub.CudaStub.CUDA;
import static io.github.aoti4j.stub.CudaStub.counting;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.CudaGraph;
import io.github.aoti4j.CudaStream;
import io.github.aoti4j.DeviceRunner;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** Runners for devices, and runs captured as graphs. */
final class CudaGraphScenarios {
    private static final float[] ONE_MORE = {1, 2, 3, 4};

    @Scenario
    void aRunnerCopiesRunsAndCopiesBack() {
        runTwice(false);
    }

    @Scenario
    void aCapturedRunnerDoesTheSameInOneLaunch() {
        runTwice(true);
    }

    private static void runTwice(boolean captured) {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined();
                DeviceRunner runner = model.newDeviceRunner(captured, counting(arena, 4))) {
            runner.run();
            Tensor output = runner.output(0);
            assertArrayEquals(ONE_MORE, output.toFloatArray());

            long runs = Stub.get("runs");
            runner.input(0).segment().setAtIndex(ValueLayout.JAVA_FLOAT, 2, 9);
            runner.submit();
            assertThrows(IllegalStateException.class, () -> runner.input(0));
            runner.await();
            assertSame(output, runner.output(0));
            assertArrayEquals(new float[] {1, 2, 10, 4}, output.toFloatArray());
            assertEquals(captured ? 0 : 1, Stub.get("runs") - runs);
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aRunnerClosedUnderARunWaitsForIt() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined();
                DeviceRunner runner = model.newDeviceRunner(true, counting(arena, 4))) {
            runner.submit();
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aGraphRunsOnWhateverIsInItsInputs() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined();
                CudaStream stream = CudaStream.create(CUDA);
                CudaGraph graph = model.capture(counting(arena, 4))) {
            Tensor input = graph.inputs().getFirst();
            Tensor output = graph.outputs().getFirst();
            graph.replay(stream);
            assertArrayEquals(ONE_MORE, output.to(arena, Device.CPU).toFloatArray());

            input.copyFrom(Tensor.of(arena, new float[] {5, 5, 5, 5}, 4));
            graph.replay();
            graph.replay(stream);
            assertArrayEquals(
                    new float[] {6, 6, 6, 6}, output.to(arena, Device.CPU).toFloatArray());
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aGraphClosedUnderAReplayWaitsForIt() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined();
                CudaStream stream = CudaStream.create(CUDA)) {
            CudaGraph graph = model.capture(counting(arena, 4));
            graph.replay(stream);
            graph.close();
            assertThrows(IllegalStateException.class, () -> graph.replay(stream));
            assertThrows(
                    IllegalStateException.class,
                    () -> graph.inputs().getFirst().to(arena, Device.CPU));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aModelThatWaitsInTheMiddleIsRefusedAndRunsAllTheSame() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined()) {
            CudaStub.set("waits_in_run", 1);
            var refused =
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> model.capture(counting(arena, 4)));
            assertTrue(
                    refused.getMessage().contains("waits for the device in the middle"),
                    refused::getMessage);
            assertThrows(
                    IncompatibleModelException.class,
                    () -> model.newDeviceRunner(true, counting(arena, 4)));
            try (DeviceRunner runner = model.newDeviceRunner(false, counting(arena, 4))) {
                runner.run();
                assertArrayEquals(ONE_MORE, runner.output(0).toFloatArray());
            }
            CudaStub.set("waits_in_run", 0);
            try (CudaGraph graph = model.capture(counting(arena, 4))) {
                graph.replay();
            }
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void aRunThatFailsWhileItIsCapturedLeavesNothing() {
        try (Model model = CudaStub.load();
                Arena arena = Arena.ofConfined()) {
            for (int skip = 0; skip < 2; skip++) {
                Stub.fail(Stub.RUN, skip, 1);
                assertThrows(NativeException.class, () -> model.capture(counting(arena, 4)));
            }
            Stub.fail("cudaGraphInstantiateWithFlags", 0, 1);
            assertThrows(
                    NativeException.class, () -> model.newDeviceRunner(true, counting(arena, 4)));
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void refusesToCaptureWhatRunsSeveralAtOnce() {
        ModelOptions two = ModelOptions.defaults().runners(2);
        try (Model model = Model.load(CudaStub.path("90"), two);
                Arena arena = Arena.ofConfined()) {
            var refused =
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> model.capture(counting(arena, 4)));
            assertTrue(refused.getMessage().contains("runners(1)"), refused::getMessage);
        }
        CudaStub.requireNothingLeft();
    }

    @Scenario
    void refusesToCaptureAModelOnTheCpu() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            assertThrows(IncompatibleModelException.class, () -> model.capture(counting(arena, 4)));
            assertThrows(
                    IncompatibleModelException.class,
                    () -> model.newDeviceRunner(false, counting(arena, 4)));
        }
    }
}
