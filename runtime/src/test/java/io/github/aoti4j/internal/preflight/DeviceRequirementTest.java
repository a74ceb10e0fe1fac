package io.github.aoti4j.internal.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.cuda.CudaDriverApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.cuda.Gpus;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

class DeviceRequirementTest {
    private static final Gpus NO_DRIVER = Gpus.none("there is no NVIDIA driver (libcuda.so.1)");

    private static Gpus gpu(int capability) {
        return new Gpus(List.of(new CudaDriverApi.Gpu("NVIDIA X", capability)), "");
    }

    private static PackageMetadata metadata(String device, String capability) {
        return new PackageMetadata(
                Map.of("AOTI_DEVICE_KEY", device, "AOTI_COMPUTE_CAPABILITY", capability));
    }

    private static Requirement finding(DeviceRequirement required, Device wanted, Gpus gpus) {
        return required.requirement(wanted, new Host("linux", "x86_64", null, gpus));
    }

    private static DeviceRequirement cuda(String capability, boolean anyLater) {
        return DeviceRequirement.of(metadata("cuda", capability), true, anyLater);
    }

    @Test
    void whatSaysNothingIsForTheCpuUnlessItIsLinkedToCuda() {
        var nothing = new PackageMetadata(Map.of());

        assertEquals(Device.CPU, DeviceRequirement.of(nothing, false, false).device(null));
        assertEquals(Device.cuda(0), DeviceRequirement.of(nothing, true, false).device(null));
        assertEquals(
                Device.cuda(2), DeviceRequirement.of(nothing, true, false).device(Device.cuda(2)));
    }

    @Test
    void aModelForTheCpuRunsThereAndNowhereElse() {
        var required = DeviceRequirement.of(metadata("cpu", ""), false, false);

        assertEquals("runs on the CPU", finding(required, null, NO_DRIVER).detail());
        var refused = finding(required, Device.cuda(0), gpu(90));
        assertFalse(refused.met());
        assertEquals(
                "was compiled for the CPU and cannot run on cuda:0; export it with its parameters"
                        + " and inputs there",
                refused.detail());
    }

    @Test
    void aModelForCudaIsRefusedOnTheCpuAndWhereThereIsNoDevice() {
        var onCpu = finding(cuda("90", false), Device.CPU, gpu(90));
        var nowhere = finding(cuda("90", false), null, NO_DRIVER);

        assertFalse(onCpu.met());
        assertTrue(onCpu.detail().contains("cannot run on cpu"), onCpu.detail());
        assertFalse(nowhere.met());
        assertEquals(
                "was compiled for cuda (compute capability 9.0), which is not here: there is no"
                        + " NVIDIA driver (libcuda.so.1)",
                nowhere.detail());
    }

    @Test
    void namesTheDevicesThatAreThereWhereTheWantedOneIsNot() {
        var refused = finding(cuda("90", false), Device.cuda(1), gpu(90));

        assertFalse(refused.met());
        assertEquals(
                "was compiled for cuda (compute capability 9.0), and there is no cuda:1; the last"
                        + " device is cuda:0 (NVIDIA X, compute capability 9.0)",
                refused.detail());
    }

    @ParameterizedTest
    @CsvSource({
        "90, false, 90, true",
        "80, false, 86, true",
        "86, false, 80, false",
        "80, false, 90, false",
        "100, false, 103, false",
        "80, true, 90, true",
        "90, true, 120, true",
        "90, true, 80, false",
        "'', false, 75, true",
        "sm_90, false, 75, true"
    })
    void comparesComputeCapabilities(String compiledFor, boolean fatbin, int actual, boolean runs) {
        var finding = finding(cuda(compiledFor, fatbin), null, gpu(actual));

        assertEquals(runs, finding.met(), finding.detail());
        assertTrue(
                finding.detail()
                        .contains(
                                "cuda:0 (NVIDIA X, compute capability "
                                        + Gpus.version(actual)
                                        + ")"),
                finding.detail());
    }

    @Test
    void refusesDevicesOfOtherKinds() {
        var finding =
                finding(
                        DeviceRequirement.of(metadata("x\u001bpu", ""), false, false),
                        null,
                        gpu(90));

        assertFalse(finding.met());
        assertTrue(finding.detail().startsWith("was compiled for x?pu, and only"));
    }
}
