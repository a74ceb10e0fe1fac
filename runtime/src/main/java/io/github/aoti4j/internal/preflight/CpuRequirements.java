package io.github.aoti4j.internal.preflight;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The CPU features without which a model's code ends the process with an illegal instruction.
 *
 * <p>The package's {@code AOTI_CPU_ISA} is the upper-cased name of the vector extensions for which
 * PyTorch generates code ({@code torch/_inductor/cpu_vec_isa.py}); the features are those that its
 * compiler flags there enable. The compiler itself may use all of its {@code -march}, by default
 * {@code native}, which the source's last lines quote.
 *
 * @param features names as in {@code /proc/cpuinfo}
 * @param unchecked why features beyond these may be needed; empty if these are all
 */
public record CpuRequirements(List<String> features, Optional<String> unchecked) {
    /**
     * Adds up the requirements of an x86-64 model.
     *
     * @param isa the package's {@code AOTI_CPU_ISA}
     * @param march the compiler's {@code -march}
     */
    public static CpuRequirements of(Optional<String> isa, Optional<String> march) {
        var features = new LinkedHashSet<String>();
        var unchecked = new ArrayList<String>();
        if (isa.isPresent()) {
            for (String name : isa.get().strip().split("\\s+", -1)) {
                addIsa(name, features, unchecked);
            }
        }
        if (march.isPresent()) {
            addMarch(march.get(), features, unchecked);
        }
        return new CpuRequirements(
                List.copyOf(features),
                unchecked.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", unchecked)));
    }

    private static void addIsa(String name, Set<String> features, List<String> unchecked) {
        switch (name) {
            case "AVX2" -> features.addAll(List.of("avx2", "fma", "f16c"));
            case "AVX512" ->
                    features.addAll(List.of("avx512f", "avx512dq", "avx512vl", "avx512bw", "fma"));
            case "AVX512_VNNI" -> features.add("avx512_vnni");
            case "AMX_TILE" -> features.addAll(List.of("amx_tile", "amx_bf16", "amx_int8"));
            case "INVALID_VEC_ISA" -> {} // no vector extensions
            default -> unchecked.add("what " + name + " needs is not known here");
        }
    }

    private static void addMarch(String name, Set<String> features, List<String> unchecked) {
        switch (name) {
            case "x86-64-v4" -> {
                addMarch("x86-64-v3", features, unchecked);
                features.addAll(List.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"));
            }
            case "x86-64-v3" -> {
                addMarch("x86-64-v2", features, unchecked);
                features.addAll(
                        List.of("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"));
            }
            case "x86-64-v2" ->
                    features.addAll(
                            List.of(
                                    "cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2",
                                    "ssse3"));
            case "x86-64" -> {}
            default ->
                    unchecked.add(
                            "it was compiled with -march="
                                    + name
                                    + " and may use all that the CPU it was compiled on has");
        }
    }
}
