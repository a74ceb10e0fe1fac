package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Cuda;
import io.github.aoti4j.Model;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.util.List;

/** What happens where there is a driver, and a libtorch for CUDA, but no device. */
final class NoCudaScenarios {
    @Scenario
    void refusesAPackageForCudaSayingWhatItNeedsAndWhatIsMissing() {
        var refused =
                assertThrows(
                        IncompatibleModelException.class, () -> Model.load(CudaStub.path("90")));

        assertTrue(
                refused.getMessage()
                        .contains(
                                "was compiled for cuda (compute capability 9.0), which is not here:"
                                        + " the NVIDIA driver offers no device"),
                refused::getMessage);
    }

    @Scenario
    void hasNoDevicesAndSaysSo() {
        assertEquals(List.of(), Cuda.devices());
        assertFalse(Cuda.isAvailable());
    }

    @Scenario
    void refusesTensorsOnADeviceNamingTheDriverThatOffersNone() {
        long _ = CudaStub.get("devices");
        var refused =
                assertThrows(IncompatibleModelException.class, () -> Cuda.require(CudaStub.CUDA));

        assertFalse(refused.getCause() instanceof NativeException);
        assertTrue(
                refused.getMessage().startsWith("cuda:0 cannot be used: the NVIDIA driver"),
                refused::getMessage);
    }
}
