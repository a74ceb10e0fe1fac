package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Proc;
import io.github.aoti4j.libtorch.LibTorch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Where it was measured.
 *
 * @param system distribution and kernel
 * @param libtorch the version that we and PyTorch's own loader use
 * @param threads {@code OMP_NUM_THREADS}
 */
record Machine(
        String cpu,
        int cores,
        long memoryGib,
        String system,
        String jdk,
        String libtorch,
        List<String> peers,
        String threads) {
    private static final String PEERS =
            "(pytorch|onnxruntime|pytorch-engine|pytorch-native-cpu)-\\d[^/]*";

    static Machine here() throws IOException {
        return new Machine(
                Proc.text(Path.of("/proc/cpuinfo"), "model name"),
                Runtime.getRuntime().availableProcessors(),
                Math.round(Proc.number(Path.of("/proc/meminfo"), "MemTotal") * 0x1p-20),
                distribution() + ", Linux " + System.getProperty("os.version"),
                Runtime.version().toString(),
                LibTorch.load().version(),
                peers(System.getProperty("java.class.path")),
                System.getenv().getOrDefault("OMP_NUM_THREADS", "not set"));
    }

    private static String distribution() throws IOException {
        Path file = Path.of("/etc/os-release");
        if (!Files.isReadable(file)) {
            return "unknown distribution";
        }
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("PRETTY_NAME="))
                .map(line -> line.substring("PRETTY_NAME=".length()).replace("\"", ""))
                .findFirst()
                .orElse("unknown distribution");
    }

    /** The names of the artifacts that are peers, and hold classes or a libtorch for them. */
    static List<String> peers(String classPath) {
        return Arrays.stream(classPath.split(File.pathSeparator))
                .map(entry -> entry.substring(entry.lastIndexOf('/') + 1))
                .filter(name -> name.matches(PEERS + "\\.jar"))
                .map(name -> name.substring(0, name.length() - ".jar".length()))
                .map(name -> name.replaceFirst("-linux-x86_64$", ""))
                .distinct()
                .sorted()
                .toList();
    }

    /** In one sentence. */
    String describe() {
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
}
