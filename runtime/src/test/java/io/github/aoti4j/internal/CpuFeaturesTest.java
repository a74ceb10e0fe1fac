package io.github.aoti4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.Stream;

class CpuFeaturesTest {
    @Test
    void readsTheFlagsOfTheFirstProcessor() {
        var cpu =
                CpuFeatures.of(
                        Stream.of(
                                "processor\t: 0",
                                "flags\t\t: fpu avx2 fma fma",
                                "processor\t: 1",
                                "flags\t\t: fpu"));
        assertEquals(List.of("avx512f"), cpu.missing(List.of("avx2", "avx512f")));
    }

    @Test
    void readsTheFeaturesOfArm() {
        var cpu = CpuFeatures.of(Stream.of("Features\t: fp asimd"));
        assertEquals(List.of("sve"), cpu.missing(List.of("asimd", "sve")));
    }

    @Test
    void missesNothingWhereFeaturesAreNotKnown() {
        var cpu = CpuFeatures.of(Stream.of("processor\t: 0"));
        assertTrue(cpu.flags().isEmpty());
        assertEquals(List.of(), cpu.missing(List.of("avx2")));
    }
}
