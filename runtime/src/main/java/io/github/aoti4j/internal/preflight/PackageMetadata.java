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

    /** Keeps a copy of the strings. */
    public PackageMetadata {
        strings = Collections.unmodifiableMap(new LinkedHashMap<>(strings));
    }

    /**
     * Returns the device it was compiled for, for example {@code cpu} or {@code cuda}; empty if the
     * package does not say.
     */
    public Optional<String> device() {
        return noted(DEVICE);
    }

    /**
     * Returns the operating system it was compiled on, Python's {@code sys.platform}, for example
     * {@code linux}; empty if the package does not say.
     */
    public Optional<String> platform() {
        return noted(PLATFORM);
    }

    /**
     * Returns the machine it was compiled on, Python's {@code platform.machine()}, for example
     * {@code x86_64}; empty if the package does not say.
     */
    public Optional<String> machine() {
        return noted(MACHINE);
    }

    /**
     * Returns the vector extensions that its kernels use, for example {@code AVX512 AVX512_VNNI};
     * empty if the package does not say.
     */
    public Optional<String> cpuIsa() {
        return noted(CPU_ISA);
    }

    /** Returns what it demands of the GPU, for example {@code 90}; empty for CPU models. */
    public Optional<String> computeCapability() {
        return noted(COMPUTE_CAPABILITY);
    }

    /**
     * Returns the strings that the package's author added: the strings by name, in the file's
     * order.
     */
    public Map<String, String> authorStrings() {
        var others = new LinkedHashMap<>(strings);
        others.keySet().removeAll(NOTED);
        return Collections.unmodifiableMap(others);
    }

    private Optional<String> noted(String key) {
        String value = strings.get(key);
        return value == null || value.isBlank() ? Optional.empty() : Optional.of(value);
    }
}
