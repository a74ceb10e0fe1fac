package io.github.aoti4j.internal.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;

class PackageMetadataTest {
    @Test
    void readsWhatTheCompilerStates() {
        var metadata =
                new PackageMetadata(
                        Map.of(
                                "AOTI_DEVICE_KEY",
                                "cpu",
                                "AOTI_COMPUTE_CAPABILITY",
                                "",
                                "author",
                                "me"));
        assertEquals(Optional.of("cpu"), metadata.device());
        assertEquals(Optional.empty(), metadata.platform());
        assertEquals(Optional.empty(), metadata.cpuIsa());
        assertEquals(Optional.empty(), metadata.computeCapability(), "empty for CPU models");
    }
}
