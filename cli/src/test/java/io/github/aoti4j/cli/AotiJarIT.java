package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** {@code aoti.jar} is the command, and needs no other file. */
class AotiJarIT {
    private static final Path JAR = Path.of("target/aoti.jar").toAbsolutePath();
    private static final int JAVA_8 = 52;

    @TempDir private Path folder;

    @Test
    void demoNeedsNoOtherFile() throws Exception {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        JAR.toString(),
                        "demo");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(Files.createDirectory(folder.resolve("empty")).toFile())
                        .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment()
                .putAll(
                        Map.of(
                                "LC_ALL",
                                "C.UTF-8",
                                "AOTI_CACHE",
                                folder.resolve("cache").toString()));
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String errors = Files.readString(err);
        assertEquals(0, process.waitFor(), out + errors);
        assertTrue(out.contains("accuracy: 98"), out);
        assertTrue(out.contains("engine:   built-in"), out);
        // The JVM warns of nothing: the manifest lets aoti4j call native code.
        assertTrue(!errors.contains("WARNING"), errors);
        // Its products are OpenBLAS's, from the same file.
        try (var files = Files.walk(folder.resolve("cache"))) {
            assertTrue(files.anyMatch(f -> f.endsWith("libopenblas.so.0")), out + errors);
        }
    }

    @Test
    void classesAreOfVersionsThatTheirReadersNeed() throws IOException {
        try (var jar = new JarFile(JAR.toFile())) {
            // An older Java reads what it needs.
            assertEquals(JAVA_8, version(jar, "io/github/aoti4j/cli/Start.class"));
            // The JVM archives no classes older than this.
            assertEquals(JAVA_8, version(jar, "picocli/CommandLine.class"));
            List<String> modules = new ArrayList<>();
            jar.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith("module-info.class"))
                    .forEach(modules::add);
            assertEquals(List.of(), modules);
            for (String text : List.of("LICENSE", "LICENSE.txt", "NOTICE", "NOTICE-aoti.txt")) {
                assertTrue(jar.getEntry("META-INF/" + text) != null, text);
            }
        }
    }

    private static int version(JarFile jar, String name) throws IOException {
        try (var in = new DataInputStream(jar.getInputStream(jar.getEntry(name)))) {
            assertEquals(0xCAFEBABE, in.readInt());
            return in.readInt();
        }
    }

    @Test
    void startNamesTheJavaThatIsNeeded() {
        assertNull(Start.problem("25", "/jdk"));
        assertNull(Start.problem("26", "/jdk"));
        for (String old : List.of("1.8", "9", "17", "24")) {
            String problem = Start.problem(old, "/jdk");
            assertTrue(
                    problem.startsWith("aoti: needs Java 25 or later, and this is Java " + old),
                    problem);
        }
    }
}
