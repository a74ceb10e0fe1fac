package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;

/** What packages and tensors for CUDA come to where there is no GPU. */
class NoCudaTest {
    private static final Path ADD_ONE = Path.of("src/test/fixtures/cuda/add_one.pt2");

    @BeforeAll
    static void requireNoGpu() {
        assumeTrue(Cuda.devices().isEmpty(), "there is a GPU");
    }

    @Test
    void refusesAPackageSayingWhatItNeeds() {
        var refused = assertThrows(IncompatibleModelException.class, () -> Model.load(ADD_ONE));

        assertTrue(
                refused.getMessage()
                        .contains("was compiled for cuda (compute capability 9.0), which is not"),
                refused::getMessage);
    }

    @Test
    void refusesToRunAPackageForTheCpuOnADevice() {
        Path onCpu = Path.of("src/test/fixtures/add_one/add_one.pt2");
        ModelOptions options = ModelOptions.defaults().device(Device.cuda(0));

        var refused =
                assertThrows(IncompatibleModelException.class, () -> Model.load(onCpu, options));

        assertTrue(
                refused.getMessage().contains("for the CPU and cannot run on cuda:0"),
                refused::getMessage);
    }

    @Test
    void tellsWhatAPackageForCudaNeedsWithoutLoadingIt() {
        try (ModelPackage opened = ModelPackage.open(ADD_ONE)) {
            var inputs = opened.describe("model").inputs();
            var device =
                    opened.requirements("model", ModelOptions.defaults()).stream()
                            .filter(requirement -> requirement.name().equals("device"))
                            .findFirst()
                            .orElseThrow();

            assertEquals(Optional.of(Device.Type.CUDA), inputs.getFirst().deviceType());
            assertFalse(device.met());
        }
    }

    @Test
    void refusesTensorsOnADeviceAndPinnedOnes() {
        assertFalse(Cuda.isAvailable());
        try (Arena arena = Arena.ofConfined()) {
            Tensor here = Tensor.of(arena, new float[] {1, 2}, 2);
            assertEquals(Device.CPU, here.device());

            assertThrows(IncompatibleModelException.class, () -> here.to(arena, Device.cuda(0)));
            assertThrows(
                    IncompatibleModelException.class, () -> Tensor.pinned(arena, DType.FLOAT32, 2));
            assertThrows(IncompatibleModelException.class, () -> CudaStream.create(Device.cuda(0)));
        }
    }

    @Test
    void copiesOnTheCpuNeedNoDevice() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor source = Tensor.of(arena, new float[] {1, 2, 3, 4}, 2, 2);
            Tensor target = Tensor.empty(arena, Device.CPU, DType.FLOAT32, 2, 2);
            target.copyFrom(source);
            Tensor transposed = source.copyWithStrides(arena, 1, 2);

            assertEquals(2, target.toFloatArray()[1]);
            assertEquals(2, transposed.to(arena, Device.CPU).toFloatArray()[1]);
        }
    }
}
