package io.github.aoti4j.internal.preflight;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a package notes of the machine it was compiled for ({@code get_device_information} in {@code
 * torch/_inductor/codecache.py}), with the strings that its author added.
 *
 * @param strings all strings by name, in the file's order
 */
public record PackageMetadata(Map<String, String> strings) {
    private static final String DEVICE = "AOTI_DEVICE_KEY";
    private static final String PLATFORM = "AOTI_PLATFORM";
    private static final String MACHINE = "AOTI_MACHINE";
    private static final String CPU_ISA = "AOTI_CPU_ISA";
    private static final String COMPUTE_CAPABILITY = "AOTI_COMPUTE_CAPABILITY";
    private static final Set<String> NOTED =
            Set.of(DEVICE, PLATFORM, MACHINE, CPU_ISA, COMPUTE_CAPABILITY);

    public PackageMetadata {
        strings = Collections.unmodifiableMap(new LinkedHashMap<>(strings));
    }

    /** {@code cpu} or {@code cuda}; empty if the package does not say, here and below. */
    public Optional<String> device() {
        return noted(DEVICE);
    }

    /** Python's {@code sys.platform}, such as {@code linux}. */
    public Optional<String> platform() {
        return noted(PLATFORM);
    }

    /** Python's {@code platform.machine()}, such as {@code x86_64}. */
    public Optional<String> machine() {
        return noted(MACHINE);
    }

    /** The vector extensions that its kernels use, such as {@code AVX512 AVX512_VNNI}. */
    public Optional<String> cpuIsa() {
        return noted(CPU_ISA);
    }

    /** What it requires of the GPU, such as {@code 90}; empty for CPU models. */
    public Optional<String> computeCapability() {
        return noted(COMPUTE_CAPABILITY);
    }

    /** Returns the strings that the package's author added, by name, in the file's order. */
    public Map<String, String> authorStrings() {
        var others = new LinkedHashMap<>(strings);
        others.keySet().removeAll(NOTED);
        return Collections.unmodifiableMap(others);
    }

    private Optional<String> noted(String key) {
        return Optional.ofNullable(strings.get(key)).filter(value -> !value.isBlank());
    }
}
