package io.github.aoti4j.internal.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;

class CpuFeaturesTest {
    /** A {@code /proc/cpuinfo}. */
    static BufferedReader lines(String... lines) {
        return new BufferedReader(new StringReader(String.join("\n", lines)));
    }

    @Test
    void readsTheFlagsOfTheFirstProcessor() throws IOException {
        var cpu =
                CpuFeatures.of(
                        lines(
                                "processor\t: 0",
                                "flags\t\t: fpu avx2 fma fma",
                                "processor\t: 1",
                                "flags\t\t: fpu"));
        assertEquals(List.of("avx512f"), cpu.missing(List.of("avx2", "avx512f")));
    }

    @Test
    void readsTheFeaturesOfArm() throws IOException {
        var cpu = CpuFeatures.of(lines("Features\t: fp asimd"));
        assertEquals(List.of("sve"), cpu.missing(List.of("asimd", "sve")));
    }

    @Test
    void missesNothingWhereFeaturesAreNotKnown() throws IOException {
        var cpu = CpuFeatures.of(lines("processor\t: 0"));
        assertTrue(cpu.flags().isEmpty());
        assertEquals(List.of(), cpu.missing(List.of("avx2")));
    }
}
