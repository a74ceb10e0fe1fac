package io.github.aoti4j.jmh;

import io.github.aoti4j.libtorch.LibTorch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Where figures were measured.
 *
 * @param libtorch the version that aoti4j and PyTorch's own loader use
 * @param threads {@code OMP_NUM_THREADS}
 */
public record Machine(
        String cpu,
        int cores,
        long memoryGib,
        String system,
        String jdk,
        String libtorch,
        List<String> peers,
        String threads) {
    private static final String PEER =
            "((?:pytorch|onnxruntime|pytorch-engine|pytorch-native-cpu)-\\d[^/]*?)(-linux-x86_64)?\\.jar";

    public static Machine here() throws IOException {
        return new Machine(
                read("/proc/cpuinfo", "model name", ':'),
                Runtime.getRuntime().availableProcessors(),
                Math.round(number(Path.of("/proc/meminfo"), "MemTotal") * 0x1p-20),
                read("/etc/os-release", "PRETTY_NAME", '=').replace("\"", "")
                        + ", Linux "
                        + System.getProperty("os.version"),
                Runtime.version().toString(),
                LibTorch.load().version(),
                peers(System.getProperty("java.class.path")),
                System.getenv().getOrDefault("OMP_NUM_THREADS", "not set"));
    }

    /** Returns the artifacts on a class path that hold peers, or a libtorch for them. */
    public static List<String> peers(String classPath) {
        return Arrays.stream(classPath.split(File.pathSeparator))
                .map(entry -> entry.substring(entry.lastIndexOf('/') + 1))
                .filter(name -> name.matches(PEER))
                .map(name -> name.replaceFirst(PEER, "$1"))
                .distinct()
                .sorted()
                .toList();
    }

    @Override
    public String toString() {
        return "%s, %d cores, %d GiB, %s; JDK %s, libtorch %s; OMP_NUM_THREADS %s. Java peers: %s."
                .formatted(
                        cpu,
                        cores,
                        memoryGib,
                        system,
                        jdk,
                        libtorch,
                        threads,
                        peers.isEmpty() ? "none" : String.join(", ", peers));
    }

    /** Returns the digits behind {@code NAME:} in a file of {@code /proc}. */
    static long number(Path file, String name) throws IOException {
        String digits = read(file.toString(), name, ':').replaceAll("\\D", "");
        if (digits.isEmpty()) {
            throw new IOException(file + " has no number " + name);
        }
        return Long.parseLong(digits);
    }

    /** Returns the first value of a name; "unknown" if there is none. */
    private static String read(String file, String name, char separator) throws IOException {
        if (!Files.isReadable(Path.of(file))) {
            return "unknown";
        }
        return Files.readAllLines(Path.of(file)).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(separator) + 1).strip())
                .findFirst()
                .orElse("unknown");
    }
}
