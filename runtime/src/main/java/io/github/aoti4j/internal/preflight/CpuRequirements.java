package io.github.aoti4j.internal.preflight;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    private static final Map<String, List<String>> ISA =
            Map.of(
                    "AVX2", List.of("avx2", "fma", "f16c"),
                    "AVX512", List.of("avx512f", "avx512dq", "avx512vl", "avx512bw", "fma"),
                    "AVX512_VNNI", List.of("avx512_vnni"),
                    "AMX_TILE", List.of("amx_tile", "amx_bf16", "amx_int8"),
                    "INVALID_VEC_ISA", List.of()); // no vector extensions

    private static final List<String> MARCH =
            List.of("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4");

    /** What each of these adds to the one before. */
    private static final List<List<String>> ADDED =
            List.of(
                    List.of(),
                    List.of("cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"),
                    List.of("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"),
                    List.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"));

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
                if (ISA.containsKey(name)) {
                    features.addAll(ISA.get(name));
                } else {
                    unchecked.add("what " + name + " needs is not known here");
                }
            }
        }
        if (march.isPresent()) {
            int level = MARCH.indexOf(march.get());
            for (int i = 0; i <= level; i++) {
                features.addAll(ADDED.get(i));
            }
            if (level < 0) {
                unchecked.add(
                        "it was compiled with -march="
                                + march.get()
                                + " and may use all that the CPU it was compiled on has");
            }
        }
        return new CpuRequirements(
                List.copyOf(features),
                unchecked.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", unchecked)));
    }
}
