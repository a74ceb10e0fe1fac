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
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** The launcher prints what the command prints, whatever has become of its archive of classes. */
@Tag("slow")
class LauncherTest {
    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String PACKAGE =
            "cli/src/main/resources/io/github/aoti4j/cli/digits/digits.pt2";

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
        Files.createDirectories(home.resolve(PACKAGE).getParent());
        Files.copy(PROJECT.resolve(PACKAGE), home.resolve(PACKAGE));
        Path modules = Files.createDirectories(home.resolve("cli/target/app/modules"));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            addModule(modules, Path.of(entry).toAbsolutePath());
        }
        Files.createFile(app().resolve("built"));
    }

    @Test
    void startsPrintOnlyWhatTheCommandPrints() throws Exception {
        Result first = aoti("--version");
        assertTrue(first.out.startsWith("aoti4j "), first.out);
        assertEquals(new Result(0, first.out, ""), first);
        Path archive = archive();
        assertTrue(Files.size(archive) > 1_000_000, "the archive is empty");
        assertEquals(first, aoti("--version"));
        assertEquals(archive, archive());

        // A rebuild: the archive is of other jars, which the JVM refuses.
        touchJar();
        assertEquals(first, aoti("--version"));
        assertNotEquals(archive, archive());

        // Moved: of other paths. Two starts at once both see that.
        archive = archive();
        home = Files.move(home, folder.resolve("elsewhere"));
        List<Process> starts =
                List.of(start(0, words("--version"), ""), start(1, words("--version"), ""));
        for (int i = 0; i < 2; i++) {
            assertEquals(0, starts.get(i).waitFor());
            assertEquals(first, new Result(0, output(i), errors(i)));
        }
        assertNotEquals(archive.getFileName(), archive().getFileName());
        Path log = folder.resolve("classes.log");
        assertEquals(0, start(0, words("--version"), "-Xlog:class+load:file=" + log).waitFor());
        assertEquals(first.out, output(0));
        // Where classes came from shows that the JVM took the archive.
        try (Stream<String> lines = Files.lines(log)) {
            String main = lines.filter(s -> s.contains("aoti4j.cli.Main ")).findFirst().get();
            assertTrue(main.contains("shared objects file (top)"), main);
        }
    }

    @Test
    void startsWhereNoArchiveCanBeWritten() throws Exception {
        // As on a full disk: no file may become larger than 100 KiB.
        Process start = start(0, List.of("bash", "-c", "ulimit -f 100; exec ./aoti --version"), "");
        assertEquals(0, start.waitFor(), output(0) + errors(0));
        assertTrue(output(0).startsWith("aoti4j "), output(0));
        assertEquals("", errors(0));
        assertEquals(0, Files.size(archive()));
    }

    /** The one archive there is, and nothing half written beside it. */
    private Path archive() throws IOException {
        try (Stream<Path> files = Files.list(app())) {
            List<Path> archives = files.filter(f -> f.toString().contains(".jsa")).toList();
            assertEquals(1, archives.size(), archives::toString);
            assertTrue(archives.getFirst().toString().endsWith(".jsa"), archives::toString);
            return archives.getFirst();
        }
    }

    private Path app() {
        return home.resolve("cli/target/app");
    }

    private void touchJar() throws IOException {
        try (Stream<Path> jars = Files.list(app().resolve("modules"))) {
            Path jar = jars.sorted().findFirst().get();
            FileTime time = Files.getLastModifiedTime(jar);
            Files.setLastModifiedTime(jar, FileTime.fromMillis(time.toMillis() - 60_000));
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

    /** Adds what is a module of the application, as a jar: archives hold nothing from folders. */
    private static void addModule(Path modules, Path entry) throws IOException {
        String name = entry.getFileName().toString();
        if (Files.isDirectory(entry)) {
            if (name.equals("classes") && !entry.toString().contains("test-support")) {
                Path jar = modules.resolve(entry.getName(entry.getNameCount() - 3) + ".jar");
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
            Files.copy(entry, modules.resolve(name));
        }
    }
}
