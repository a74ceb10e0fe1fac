package io.github.aoti4j.internal;

import java.util.Locale;

/**
 * The machine that a model is to run on.
 *
 * @param platform the operating system by Python's name for it ({@code sys.platform})
 * @param machine the machine by the kernel's name for it ({@code uname -m})
 * @param cpu the CPU's features
 */
public record Host(String platform, String machine, CpuFeatures cpu) {
    /**
     * Returns the machine that this process runs on.
     *
     * @return the machine
     */
    public static Host current() {
        return new Host(
                platform(System.getProperty("os.name")),
                machine(System.getProperty("os.arch")),
                CpuFeatures.current());
    }

    static String platform(String osName) {
        String name = osName.toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "darwin" : name.startsWith("windows") ? "win32" : name;
    }

    static String machine(String osArch) {
        return osArch.equals("amd64") ? "x86_64" : osArch;
    }
}
