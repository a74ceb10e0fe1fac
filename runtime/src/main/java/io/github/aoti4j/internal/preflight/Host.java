package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.internal.cuda.Gpus;

import java.util.Locale;

/**
 * The machine that a model is to run on.
 *
 * @param platform the operating system by Python's name for it ({@code sys.platform})
 * @param machine the machine by the kernel's name for it ({@code uname -m})
 * @param gpus its CUDA devices; null to ask the driver when they matter
 */
public record Host(String platform, String machine, CpuFeatures cpu, Gpus gpus) {
    /** Returns the machine that this process runs on. */
    public static Host current() {
        return new Host(
                platform(System.getProperty("os.name")),
                machine(System.getProperty("os.arch")),
                CpuFeatures.current(),
                null);
    }

    /** Returns the machine's CUDA devices: what the driver says now, if it was not asked before. */
    @Override
    public Gpus gpus() {
        return gpus == null ? Gpus.ofMachine() : gpus;
    }

    static String platform(String osName) {
        String name = osName.toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "darwin" : name.startsWith("windows") ? "win32" : name;
    }

    static String machine(String osArch) {
        return osArch.equals("amd64") ? "x86_64" : osArch;
    }
}
