package io.github.aoti4j.bindings.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.natives.NativesFolder;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** OpenBLAS in processes that have none yet. */
class OpenBlasTest {
    private static final String PRODUCT = "[14.0, 32.0, 32.0, 77.0][29.0, 65.0, 65.0, 155.0]";

    /** The SHA-256 of what {@link #corrupt} writes. */
    private static final String NOT_A_LIBRARY =
            "f6bb034ecdd65239971cf2fbc49cb6ecef0dc0a192e40c2884e68e3346503e69";

    @TempDir Path folder;

    /** Returns what a process has printed, without its log. */
    private static List<String> run(ChildJvm child, Object... arguments) throws Exception {
        return output(child, arguments).stream()
                .filter(line -> line.startsWith("> "))
                .map(line -> line.substring(2))
                .toList();
    }

    private static List<String> output(ChildJvm child, Object... arguments) throws Exception {
        var ending = ChildJvm.run(child.with(arguments));
        assertEquals(0, ending.exitCode(), ending.output());
        return ending.output().lines().toList();
    }

    private static ChildJvm child() {
        return new ChildJvm(OpenBlasScenarios.class);
    }

    private static ChildJvm withClassPath(Path first) {
        String others = System.getProperty("java.class.path");
        return child().options("-cp", first + System.getProperty("path.separator") + others);
    }

    /** A file that is no library, under the name of one. */
    private Path corrupt(String file) throws Exception {
        Path made = folder.resolve(file);
        Files.createDirectories(made.getParent());
        return Files.writeString(made, "not a library");
    }

    @Test
    void theOneOnTheClassPathComputesOnOneThread() throws Exception {
        List<String> lines = run(child());
        assertEquals("true", lines.get(0));
        assertTrue(lines.get(1).startsWith("OpenBLAS of "), lines.get(1));
        assertEquals(List.of("one thread", PRODUCT), lines.subList(2, lines.size()));
    }

    @Test
    @NeedsLibTorch
    void itGetsItsThreadsBackWhenLibTorchUsesIt() throws Exception {
        List<String> lines = run(child(), "libtorch");
        boolean alone = Runtime.getRuntime().availableProcessors() == 1;
        assertEquals(
                List.of("one thread", alone ? "one thread" : "several threads", PRODUCT),
                lines.subList(2, lines.size()));
    }

    @Test
    void noneIsLoggedOnce() throws Exception {
        List<String> lines = output(child().options("-Daoti.openblas=none"));
        assertEquals(1, lines.stream().filter(l -> l.contains("run in Java, slower")).count());
        assertTrue(lines.contains("> false"), lines.toString());
    }

    @Test
    void aNamedOneThatIsNoLibraryIsAnError() throws Exception {
        Path file = corrupt("libopenblas.so.0");
        List<String> lines = run(child().options("-Daoti.openblas=" + folder));
        assertTrue(lines.get(0).contains("IncompatibleModelException"), lines.get(0));
        assertTrue(lines.get(0).contains(file.toString()), lines.get(0));
        assertTrue(lines.get(0).contains("-Daoti.openblas"), lines.get(0));
    }

    @Test
    void aLibraryThatIsNotOpenBlasIsAnError() throws Exception {
        List<String> lines = run(child().options("-Daoti.openblas=" + libc()));
        assertTrue(lines.get(0).contains("does not have cblas_sgemm"), lines.get(0));
    }

    private static Path libc() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("/libc.so.6") || line.contains("/libc-2"))
                .map(line -> Path.of(line.substring(line.indexOf('/'))))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aBrokenOneOnTheClassPathMeansNone() throws Exception {
        Path file = corrupt(NativesFolder.ours("openblas").path() + "libopenblas.so.0");
        Files.writeString(
                file.resolveSibling("SHA256SUMS"), NOT_A_LIBRARY + "  libopenblas.so.0\n");
        List<String> lines = output(withClassPath(folder).cache(folder.resolve("cache")));
        assertTrue(lines.contains("> false"), lines.toString());
        assertTrue(
                lines.stream()
                        .anyMatch(
                                l ->
                                        l.contains("run in Java, slower")
                                                && l.contains("cannot be loaded")),
                lines.toString());
    }
}
