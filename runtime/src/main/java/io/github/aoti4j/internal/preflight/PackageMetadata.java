package io.github.aoti4j.internal.preflight;

import java.util.Map;
import java.util.Optional;

/**
 * What a package states of the machine it was compiled for ({@code get_device_information} in
 * {@code torch/_inductor/codecache.py}), among the strings that its author added. Empty values are
 * not stated.
 */
public record PackageMetadata(Map<String, String> strings) {
    /** {@code cpu} or {@code cuda}. */
    Optional<String> device() {
        return stated("AOTI_DEVICE_KEY");
    }

    /** Python's {@code sys.platform}, such as {@code linux}. */
    Optional<String> platform() {
        return stated("AOTI_PLATFORM");
    }

    /** The vector extensions that its kernels use, such as {@code AVX512 AVX512_VNNI}. */
    Optional<String> cpuIsa() {
        return stated("AOTI_CPU_ISA");
    }

    /** Such as {@code 90}; empty for CPU models. */
    Optional<String> computeCapability() {
        return stated("AOTI_COMPUTE_CAPABILITY");
    }

    private Optional<String> stated(String key) {
        return Optional.ofNullable(strings.get(key)).filter(value -> !value.isBlank());
    }
}
