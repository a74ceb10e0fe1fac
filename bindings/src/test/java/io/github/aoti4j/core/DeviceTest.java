package io.github.aoti4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {
    @ParameterizedTest
    @CsvSource({"cpu, cpu", "cuda, cuda:0", "cuda:0, cuda:0", "cuda:12, cuda:12"})
    void readsAndWritesTorchsNotation(String name, String device) {
        assertEquals(device, Device.parse(name).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "gpu",
                "CUDA",
                "cuda:",
                "cuda:-1",
                "cuda:01",
                "cuda:9999",
                "cpu:0",
                "xpu"
            })
    void refusesWhatIsNoDeviceNamingIt(String name) {
        var refused = assertThrows(IllegalArgumentException.class, () -> Device.parse(name));

        assertTrue(refused.getMessage().contains('"' + name + '"'), refused::getMessage);
    }

    @Test
    void onlyTheCpuIsTheCpu() {
        assertTrue(Device.CPU.isCpu());
        assertFalse(Device.cuda(0).isCpu());
        assertThrows(IllegalArgumentException.class, () -> Device.cuda(-1));
        assertThrows(IllegalArgumentException.class, () -> new Device(Device.Type.CPU, 1));
    }
}
