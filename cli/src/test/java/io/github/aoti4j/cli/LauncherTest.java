package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The launcher prints what the command prints, whatever has become of its AOT cache. */
@Tag("slow")
class LauncherTest {
    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    @TempDir private Path folder;

    /** A copy of the launcher with an application that is built. */
    private Path home;

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void install() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
        Files.createDirectory(home.resolve(".mvn"));
        for (String script : List.of("aoti", ".mvn/jdk.sh")) {
            Files.copy(PROJECT.resolve(script), home.resolve(script));
        }
        Files.createFile(home.resolve("pom.xml"));
        for (String module :
                List.of(
                        "natives",
                        "natives/openblas",
                        "natives/libtorch-cpu",
                        "bindings",
                        "weights",
                        "runtime",
                        "cli")) {
            Files.createDirectories(home.resolve(module, "src", "main"));
            Files.createFile(home.resolve(module, "pom.xml"));
        }
        Files.createDirectories(home.resolve("bindings/src/generated"));
        Path jars = Files.createDirectories(home.resolve("cli/target/jars"));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            addJar(jars, Path.of(entry).toAbsolutePath());
        }
        Files.createDirectory(app());
        writeCommand(jars);
        Files.createFile(app().resolve("built"));
    }

    @Test
    void startsPrintOnlyWhatTheCommandPrints() throws Exception {
        Result first = aoti("--version");
        assertTrue(first.out.startsWith("aoti4j "), first.out);
        assertEquals(new Result(0, first.out, ""), first);
        Path cache = cache();
        assertTrue(Files.size(cache) > 1_000_000, "the cache is empty");
        assertEquals(first, aoti("--version"));
        assertEquals(cache, cache());

        // A rebuild: the cache is of other jars, which the JVM refuses.
        touchCommand();
        assertEquals(first, aoti("--version"));
        assertNotEquals(cache, cache());

        // Moved: of other paths. Two starts at once both see that.
        cache = cache();
        home = Files.move(home, folder.resolve("elsewhere"));
        List<Process> starts =
                List.of(start(0, words("--version"), ""), start(1, words("--version"), ""));
        for (int i = 0; i < 2; i++) {
            assertEquals(0, starts.get(i).waitFor());
            assertEquals(first, new Result(0, output(i), errors(i)));
        }
        assertNotEquals(cache.getFileName(), cache().getFileName());
        Path log = folder.resolve("classes.log");
        assertEquals(0, start(0, words("--version"), "-Xlog:class+load:file=" + log).waitFor());
        assertEquals(first.out, output(0));
        // Where classes came from shows that the JVM took the cache.
        try (Stream<String> lines = Files.lines(log)) {
            String main = lines.filter(s -> s.contains("aoti4j.cli.Main ")).findFirst().get();
            assertTrue(main.contains("shared objects file"), main);
        }
    }

    @Test
    void startsWhereNoCacheCanBeWritten() throws Exception {
        // As on a full disk: no file may become larger than 100 KiB.
        Process start = start(0, List.of("bash", "-c", "ulimit -f 100; exec ./aoti --version"), "");
        assertEquals(0, start.waitFor(), output(0) + errors(0));
        assertTrue(output(0).startsWith("aoti4j "), output(0));
        assertEquals("", errors(0));
        assertEquals(0, Files.size(cache()));
    }

    /** The one cache there is, and nothing half written beside it. */
    private Path cache() throws IOException {
        try (Stream<Path> files = Files.list(app())) {
            List<Path> caches = files.filter(f -> f.toString().contains(".aot")).toList();
            assertEquals(1, caches.size(), caches::toString);
            assertTrue(caches.getFirst().toString().endsWith(".aot"), caches::toString);
            return caches.getFirst();
        }
    }

    private Path app() {
        return home.resolve("cli/target/app");
    }

    private Path command() {
        return home.resolve("cli/target/aoti.jar");
    }

    private void touchCommand() throws IOException {
        FileTime time = Files.getLastModifiedTime(command());
        Files.setLastModifiedTime(command(), FileTime.fromMillis(time.toMillis() - 60_000));
    }

    /** Writes a jar that names others, in place of the one that holds them all. */
    private void writeCommand(Path jars) throws IOException {
        var manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        try (Stream<Path> files = Files.list(jars)) {
            attributes.put(
                    Attributes.Name.CLASS_PATH,
                    files.map(file -> "jars/" + file.getFileName())
                            .sorted()
                            .collect(Collectors.joining(" ")));
        }
        try (var out = new JarOutputStream(Files.newOutputStream(command()), manifest)) {
            out.finish();
        }
    }

    private Result aoti(String... args) throws Exception {
        Process process = start(0, words(args), "");
        return new Result(process.waitFor(), output(0), errors(0));
    }

    private static List<String> words(String... args) {
        return Stream.concat(Stream.of("./aoti"), Stream.of(args)).toList();
    }

    private Process start(int number, List<String> command, String options) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        for (String name : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")) {
            builder.environment().remove(name);
        }
        if (!options.isEmpty()) {
            builder.environment().put("_JAVA_OPTIONS", options);
        }
        return builder.redirectOutput(folder.resolve("out" + number).toFile())
                .redirectError(folder.resolve("err" + number).toFile())
                .start();
    }

    private String output(int number) throws IOException {
        return Files.readString(folder.resolve("out" + number));
    }

    private String errors(int number) throws IOException {
        return Files.readString(folder.resolve("err" + number));
    }

    /** Adds what the command consists of, as a jar: caches hold nothing from folders. */
    private static void addJar(Path jars, Path entry) throws IOException {
        String name = entry.getFileName().toString();
        if (Files.isDirectory(entry)) {
            if (name.equals("classes") && !entry.toString().contains("test-support")) {
                Path jar = jars.resolve(entry.getName(entry.getNameCount() - 3) + ".jar");
                ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
                int status =
                        tool.run(
                                System.out,
                                System.err,
                                "--create",
                                "--no-compress",
                                "--file=" + jar,
                                "-C",
                                entry.toString(),
                                ".");
                assertEquals(0, status);
            }
        } else if (name.matches(
                "(aoti4j(?!-test)|jackson|picocli|HdrHistogram)-.*(?<!tests)\\.jar")) {
            Files.copy(entry, jars.resolve(name));
        }
    }
}
