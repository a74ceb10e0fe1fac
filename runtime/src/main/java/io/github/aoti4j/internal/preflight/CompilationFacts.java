package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.internal.wrapper.KernelThreads;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a packaged model was compiled, and what this machine has beyond that.
 *
 * @param kernelThreads 0 if OpenMP decides
 */
public record CompilationFacts(
        Optional<String> vectorExtensions,
        Optional<String> march,
        Optional<Boolean> frozen,
        OptionalInt kernelThreads,
        List<String> hints) {
    /** PyTorch's names for the constants that it folds ({@code torch/_inductor/freezing.py}). */
    private static final String FROZEN = "_frozen_param";

    private static final List<String> AVX512 =
            List.of("avx512f", "avx512dq", "avx512vl", "avx512bw", "fma");

    /** Reads a model's part of a package; {@code source} is empty if it holds none. */
    public static CompilationFacts of(
            Pt2Archive archive, PackagedModel packaged, Optional<WrapperSource> source) {
        List<String> texts = new ArrayList<>();
        PreflightReport.wrapper(archive, packaged).ifPresent(texts::add);
        for (ArchiveEntry entry : packaged.kernelSources()) {
            texts.add(archive.text(entry));
        }
        return of(new PackageMetadata(packaged.metadata()), source, texts, CpuFeatures.current());
    }

    static CompilationFacts of(
            PackageMetadata metadata,
            Optional<WrapperSource> source,
            List<String> texts,
            CpuFeatures cpu) {
        Optional<String> isa = metadata.cpuIsa().map(Preflight::printable);
        return new CompilationFacts(
                isa,
                source.flatMap(WrapperSource::march),
                source.map(s -> s.constants().stream().anyMatch(CompilationFacts::isFrozen)),
                source.isPresent()
                        ? OptionalInt.of(KernelThreads.of(texts).orElse(0))
                        : OptionalInt.empty(),
                metadata.device().orElse("cpu").equals("cpu") && isa.isPresent()
                        ? hints(isa.get(), cpu)
                        : List.of());
    }

    private static boolean isFrozen(ConstantSpec constant) {
        return constant.name().startsWith(FROZEN);
    }

    private static List<String> hints(String isa, CpuFeatures cpu) {
        boolean narrow = isa.equals("AVX2") || isa.equals("INVALID_VEC_ISA");
        return narrow && cpu.flags().isPresent() && cpu.missing(AVX512).isEmpty()
                ? List.of(
                        "this CPU has AVX-512, and the model was compiled for "
                                + (isa.equals("AVX2") ? isa : "no vector extensions")
                                + "; compile it with cpp.march x86-64-v4 and cpp.simdlen 512 if all"
                                + " machines that run it have AVX-512")
                : List.of();
    }
}
