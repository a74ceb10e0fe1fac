package io.github.aoti4j.libtorch;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;

/** Jars like those of the embedded libtorch, with a few bytes for each library. */
final class FakeNatives {
    private static final String TORCH = "org/bytedeco/pytorch/linux-x86_64/";
    private static final String BLAS = "org/bytedeco/openblas/linux-x86_64/";

    private FakeNatives() {}

    /** Returns the entries of a complete pair of jars, to be changed by the caller. */
    static Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("META-INF/maven/org.bytedeco/pytorch/pom.properties", "version=9.9.9-1.5\n");
        for (String name : new String[] {"libgomp.so.1", "libc10.so", "libtorch_cpu.so"}) {
            entries.put(TORCH + name, "content of " + name);
        }
        for (String name :
                new String[] {"libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0"}) {
            entries.put(BLAS + name, "content of " + name);
        }
        return entries;
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
