package io.github.aoti4j.internal.preflight;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.Elf;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class PreflightTest {
    private static final String AVX2_CPU =
            "flags\t\t: fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma"
                    + " abm movbe";
    private static final List<String> RUN = List.of("AOTInductorModelContainerRun");

    private final byte[] bytes = WrapperFixtures.entry("add_one", ".wrapper.so");
    private final ElfFile library = elf(bytes);

    private static ElfFile elf(byte[] bytes) {
        return ElfFile.read(MemorySegment.ofArray(bytes), Path.of("m.pt2"), "x.wrapper.so");
    }

    private static Host host(String cpuinfo) {
        try {
            return new Host(
                    "linux", "x86_64", CpuFeatures.of(CpuFeaturesTest.lines(cpuinfo)), null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PackageMetadata metadata(String isa) {
        return new PackageMetadata(
                Map.of(
                        "AOTI_DEVICE_KEY",
                        "cpu",
                        "AOTI_PLATFORM",
                        "linux",
                        "AOTI_MACHINE",
                        "x86_64",
                        "AOTI_CPU_ISA",
                        isa,
                        "AOTI_COMPUTE_CAPABILITY",
                        ""));
    }

    private Requirement examine(Subject subject, PackageMetadata metadata, String march) {
        return examine(subject, metadata, march, library);
    }

    private static Requirement examine(
            Subject subject, PackageMetadata metadata, String march, ElfFile library) {
        return Preflight.examine(metadata, library, Optional.ofNullable(march), RUN, host(AVX2_CPU))
                .stream()
                .filter(finding -> finding.name().equals(subject.met("").name()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void findsNothingWrongWithAModelForThisMachine() {
        var findings =
                Preflight.examine(
                        metadata("AVX2"), library, Optional.of("x86-64-v3"), RUN, host(AVX2_CPU));
        assertEquals(4, findings.size());
        for (var finding : findings) {
            assertTrue(finding.met(), finding.detail());
        }
        assertDoesNotThrow(() -> Preflight.require("model m", findings));
    }

    @Test
    void namesTheCpuFeaturesThatAreMissing() {
        var finding = examine(Subject.CPU, metadata("AVX512 AVX512_VNNI"), null);
        assertFalse(finding.met());
        assertEquals(
                "was compiled for AVX512 AVX512_VNNI and needs avx512f avx512dq avx512vl avx512bw"
                        + " fma avx512_vnni; this CPU lacks avx512f avx512dq avx512vl avx512bw"
                        + " avx512_vnni; export it with options that this CPU has (cpp.march,"
                        + " cpp.simdlen)",
                finding.detail());
    }

    @Test
    void knowsEveryNameThatPyTorchWrites() {
        for (String isa :
                List.of(
                        "AVX2",
                        "AVX512",
                        "AVX512 AVX512_VNNI",
                        "AVX512 AVX512_VNNI AMX_TILE",
                        "INVALID_VEC_ISA")) {
            var required = CpuRequirements.of(Optional.of(isa), Optional.empty());
            assertTrue(required.unchecked().isEmpty(), isa);
            assertEquals(isa.equals("INVALID_VEC_ISA"), required.features().isEmpty(), isa);
        }
    }

    @Test
    void takesTheCompilersTargetIntoAccount() {
        assertFalse(examine(Subject.CPU, metadata("AVX2"), "x86-64-v4").met());
        var native_ = examine(Subject.CPU, metadata("AVX2"), "native");
        assertTrue(native_.met());
        assertEquals(
                "was compiled for AVX2 and needs avx2 fma f16c, which this CPU has; not checked: it"
                        + " was compiled with -march=native and may use all that the CPU it was"
                        + " compiled on has",
                native_.detail());
    }

    @Test
    void passesWhatItCannotCheckAndSaysSo() {
        var unknownCpu =
                Preflight.examine(
                        metadata("AVX512"), library, Optional.empty(), RUN, host("model : x"));
        assertTrue(
                unknownCpu.get(2).detail().endsWith("this CPU's features are not known"),
                unknownCpu.get(2).detail());
        assertTrue(unknownCpu.get(2).met());
        var unknownIsa = examine(Subject.CPU, metadata("AVX9000"), null);
        assertTrue(unknownIsa.met());
        assertTrue(unknownIsa.detail().endsWith("what AVX9000 needs is not known here"));
    }

    @Test
    void refusesOtherPlatforms() {
        var metadata = new PackageMetadata(Map.of("AOTI_PLATFORM", "dar\u001bwin"));
        var finding = examine(Subject.PLATFORM, metadata, null);
        assertFalse(finding.met());
        assertEquals(
                "was compiled for dar?win, and this is linux; export it on linux",
                finding.detail());
        assertTrue(examine(Subject.PLATFORM, new PackageMetadata(Map.of()), null).met());
    }

    @Test
    void refusesOtherMachinesWhateverTheMetadataSays() {
        byte[] arm = bytes.clone();
        arm[18] = (byte) Elf.AARCH64;
        var finding = examine(Subject.MACHINE, metadata("AVX2"), null, elf(arm));
        assertFalse(finding.met());
        assertEquals(
                "was compiled for aarch64, and this is x86_64; export it on x86_64",
                finding.detail());
        assertTrue(examine(Subject.CPU, metadata("AVX512"), null, elf(arm)).met());
    }

    @Test
    void refusesLibrariesThatAreNoModels() {
        var findings =
                Preflight.examine(
                        metadata("AVX2"),
                        library,
                        Optional.empty(),
                        List.of("AOTInductorModelContainerRun", "AOTInductorFly"),
                        host(AVX2_CPU));
        assertFalse(findings.getLast().met());
        assertTrue(
                findings.getLast().detail().startsWith("does not have AOTInductorFly; it is no"),
                findings.getLast().detail());
    }

    @Test
    void namesWhatIsMissingInLibtorch() {
        var all = Preflight.symbols(library, name -> true, "libtorch 2.10.0 in /x");
        assertTrue(all.met());
        var finding =
                Preflight.symbols(
                        library,
                        name -> !name.equals("aoti_torch_empty_strided"),
                        "libtorch 2.10.0 in /x");
        assertFalse(finding.met());
        assertEquals(
                "needs aoti_torch_empty_strided of libtorch, which libtorch 2.10.0 in /x does not"
                    + " have; the model was compiled by PyTorch 2.13 or newer: use the libtorch of"
                    + " the PyTorch that compiled it, or a newer one",
                finding.detail());
    }

    @Test
    void asksLibtorchOnlyForWhatIsItsOwn() {
        Preflight.symbols(
                library,
                name -> {
                    assertTrue(name.startsWith("aoti_torch_") || name.startsWith("Sleef_"), name);
                    return true;
                },
                "libtorch");
    }

    @Test
    void listsAllProblemsAtOnce() {
        var findings =
                List.of(
                        Subject.DEVICE.unmet("was compiled for cuda"),
                        Subject.CPU.met("was compiled for AVX2"),
                        Subject.PLATFORM.unmet("was compiled for darwin"));
        var e =
                assertThrows(
                        IncompatibleModelException.class,
                        () -> Preflight.require("m.pt2: model \"m\"", findings));
        assertEquals(
                "m.pt2: model \"m\" cannot run here:\n  it was compiled for cuda\n  it was compiled"
                        + " for darwin",
                e.getMessage());
    }

    @Test
    void readsTheFixturesForWhatTheyAre() {
        var source = WrapperFixtures.source("mlp");
        assertEquals(Optional.of("x86-64-v3"), source.march());
        var sleef = elf(WrapperFixtures.entry("mlp", ".wrapper.so"));
        var finding = Preflight.symbols(sleef, name -> !name.startsWith("Sleef_"), "libtorch");
        assertTrue(finding.detail().startsWith("needs Sleef_"), finding.detail());
    }

    @Test
    void knowsThisMachine() {
        var host = Host.current();
        assertFalse(host.platform().isEmpty());
        assertEquals("darwin", Host.platform("Mac OS X"));
        assertEquals("win32", Host.platform("Windows 11"));
        assertEquals("linux", Host.platform("Linux"));
        assertEquals("x86_64", Host.machine("amd64"));
        assertEquals("aarch64", Host.machine("aarch64"));
    }
}
