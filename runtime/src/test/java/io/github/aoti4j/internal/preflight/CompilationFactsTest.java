package io.github.aoti4j.internal.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.internal.wrapper.KernelThreads;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

class CompilationFactsTest {
    private static final String AVX2 = "flags : avx2 fma f16c";
    private static final String AVX512 = AVX2 + " avx512f avx512dq avx512vl avx512bw";

    private static CompilationFacts facts(String device, String isa, String cpuinfo)
            throws IOException {
        return CompilationFacts.of(
                new PackageMetadata(Map.of("AOTI_DEVICE_KEY", device, "AOTI_CPU_ISA", isa)),
                Optional.of(WrapperFixtures.source("mlp")),
                List.of("#pragma omp parallel num_threads(2)\n"),
                CpuFeatures.of(CpuFeaturesTest.lines(cpuinfo)));
    }

    @Test
    void readsHowAPackageWasCompiled() throws IOException {
        CompilationFacts facts = facts("cpu", "AVX2", AVX2);
        assertEquals(Optional.of("AVX2"), facts.vectorExtensions());
        assertEquals(Optional.of("x86-64-v3"), facts.march());
        assertEquals(Optional.of(false), facts.frozen());
        assertEquals(OptionalInt.of(2), facts.kernelThreads());
    }

    @Test
    void seesFoldedConstants() throws IOException {
        String source =
                new String(WrapperFixtures.entry("mlp", ".wrapper.cpp"), StandardCharsets.UTF_8);
        String frozen =
                source.replaceFirst(
                        "constants_info_\\[0\\]\\.name = \"\\w+\"",
                        "constants_info_[0].name = \"_frozen_param0\"");
        assertNotEquals(source, frozen);
        CompilationFacts facts =
                CompilationFacts.of(
                        new PackageMetadata(Map.of()),
                        WrapperSource.parse(frozen),
                        List.of(),
                        CpuFeatures.of(CpuFeaturesTest.lines(AVX512)));
        assertEquals(Optional.of(true), facts.frozen());
    }

    @Test
    void knowsNothingWithoutASource() throws IOException {
        CompilationFacts facts =
                CompilationFacts.of(
                        new PackageMetadata(Map.of()),
                        Optional.empty(),
                        List.of(),
                        CpuFeatures.of(CpuFeaturesTest.lines(AVX512)));
        assertEquals(
                new CompilationFacts(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.empty(),
                        List.of()),
                facts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"AVX2", "INVALID_VEC_ISA"})
    void hintsAtWiderVectorsThatTheMachineHas(String isa) throws IOException {
        List<String> hints = facts("cpu", isa, AVX512).hints();
        assertEquals(1, hints.size());
        assertTrue(hints.getFirst().startsWith("this CPU has AVX-512"), hints::toString);
        assertTrue(hints.getFirst().contains("cpp.simdlen 512"), hints::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "cpu, AVX512 AVX512_VNNI, true",
        "cpu, AVX512, true",
        "cpu, AVX2, false",
        "cuda, AVX2, true",
        "cpu, SVE256, true"
    })
    void doesNotHintWhereThereIsNothingToGain(String device, String isa, boolean wide)
            throws IOException {
        assertEquals(List.of(), facts(device, isa, wide ? AVX512 : AVX2).hints());
    }

    @Test
    void doesNotHintIfTheFeaturesOfTheMachineAreNotKnown() throws IOException {
        assertEquals(List.of(), facts("cpu", "AVX2", "").hints());
    }

    @Test
    void findsTheThreadsOfKernels() {
        assertEquals(OptionalInt.of(1), KernelThreads.of(List.of("for (;;)", "")));
        assertEquals(
                OptionalInt.of(8),
                KernelThreads.of(
                        List.of(
                                "a\n  #pragma omp parallel num_threads(2)\n",
                                "#pragma omp parallel num_threads(8) if(n)\n b\n")));
        assertEquals(
                OptionalInt.empty(),
                KernelThreads.of(
                        List.of("#pragma omp parallel num_threads(2)", "#pragma omp parallel")));
        assertEquals(
                OptionalInt.empty(),
                KernelThreads.of(List.of("#pragma omp parallel num_threads(n)")));
        assertEquals(
                OptionalInt.empty(),
                KernelThreads.of(List.of("#pragma omp parallel num_threads(123456)")));
    }
}
