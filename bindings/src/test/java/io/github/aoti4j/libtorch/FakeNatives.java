package io.github.aoti4j.libtorch;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;

/** Jars like those of the embedded libtorch, with a few bytes for each library. */
final class FakeNatives {
    static final String TORCH = "io/github/aoti4j/natives/linux-x86_64/libtorch/";
    static final String BLAS = "io/github/aoti4j/natives/linux-x86_64/openblas/";

    private static final List<String> TORCH_LIBRARIES =
            List.of("libgomp.so.1", "libc10.so", "libtorch_cpu.so");
    private static final List<String> BLAS_LIBRARIES =
            List.of("libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

    private FakeNatives() {}

    /** Returns the entries of a complete pair of jars, to be changed by the caller. */
    static Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put(TORCH + "VERSION", "9.9.9-1.5\n");
        add(entries, TORCH, TORCH_LIBRARIES);
        add(entries, BLAS, BLAS_LIBRARIES);
        addChecksums(entries, TORCH);
        addChecksums(entries, BLAS);
        return entries;
    }

    /** The same of JavaCPP's presets. */
    static Map<String, String> presets() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("META-INF/maven/org.bytedeco/pytorch/pom.properties", "version=8.8.8-1.5\n");
        add(entries, "org/bytedeco/pytorch/linux-x86_64/", TORCH_LIBRARIES);
        add(entries, "org/bytedeco/openblas/linux-x86_64/", BLAS_LIBRARIES);
        return entries;
    }

    private static void add(Map<String, String> entries, String folder, List<String> names) {
        for (String name : names) {
            entries.put(folder + name, "content of " + name);
        }
    }

    /** Lists the libraries of a folder as they are now. */
    static void addChecksums(Map<String, String> entries, String folder) {
        StringBuilder lines = new StringBuilder();
        entries.forEach(
                (name, content) -> {
                    if (name.startsWith(folder + "lib")) {
                        lines.append(sha256(content))
                                .append("  ")
                                .append(name.substring(folder.length()))
                                .append('\n');
                    }
                });
        entries.put(folder + "SHA256SUMS", lines.toString());
    }

    private static String sha256(String content) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(content.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static Path jar(Path file, Map<String, String> entries) throws IOException {
        try (var jar = new JarOutputStream(Files.newOutputStream(file))) {
            for (var entry : entries.entrySet()) {
                jar.putNextEntry(new ZipEntry(entry.getKey()));
                jar.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
                jar.closeEntry();
            }
        }
        return file;
    }

    static Path folder(Path folder, Map<String, String> entries) throws IOException {
        for (var entry : entries.entrySet()) {
            Path file = folder.resolve(entry.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, entry.getValue());
        }
        return folder;
    }

    /** A class loader that has one jar or folder and no parent. */
    static URLClassLoader loader(Path classPath) throws IOException {
        return new URLClassLoader(new URL[] {classPath.toUri().toURL()}, null);
    }
}
