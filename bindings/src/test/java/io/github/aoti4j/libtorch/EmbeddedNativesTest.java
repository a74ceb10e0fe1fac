package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

class EmbeddedNativesTest {
    private static final String MAIN = FakeNatives.TORCH + "libtorch_cpu.so";

    @TempDir Path folder;

    private Path unpack(Path classPath, Progress progress) throws IOException {
        try (URLClassLoader loader = FakeNatives.loader(classPath)) {
            return EmbeddedNatives.find(List.of(loader))
                    .orElseThrow()
                    .unpack(UserCache.at(folder.resolve("cache")), progress);
        }
    }

    private Path jar(String name, Map<String, String> entries) throws IOException {
        return FakeNatives.jar(folder.resolve(name), entries);
    }

    @Test
    void unpacksEveryLibraryIntoAFolderNamedByVersion() throws IOException {
        Path unpacked = unpack(jar("a.jar", FakeNatives.entries()), Progress.NONE);

        assertTrue(
                unpacked.getFileName().toString().matches("9\\.9\\.9-1\\.5-[0-9a-f]{8}"),
                unpacked.toString());
        assertEquals(
                List.of(
                        "libc10.so",
                        "libgfortran.so.5",
                        "libgomp.so.1",
                        "libopenblas.so.0",
                        "libquadmath.so.0",
                        "libtorch_cpu.so"),
                list(unpacked));
        assertEquals(
                "content of libtorch_cpu.so",
                Files.readString(unpacked.resolve("libtorch_cpu.so")));
    }

    @Test
    void secondStartUnpacksNothing() throws IOException {
        Path jar = jar("a.jar", FakeNatives.entries());
        Path first = unpack(jar, Progress.NONE);

        List<String> progress = new ArrayList<>();
        assertEquals(first, unpack(jar, (message, done, total) -> progress.add(message)));
        assertEquals(List.of(), progress);
    }

    @Test
    void aNoticeSaysWhatTakesSoLongTheFirstTime() throws IOException {
        Path jar = jar("a.jar", FakeNatives.entries());
        List<String> notices = new ArrayList<>();
        var log = Logger.getLogger("io.github.aoti4j");
        var handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord notice) {
                        notices.add(notice.getLevel() + " " + notice.getMessage());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        log.addHandler(handler);
        try {
            Path unpacked = unpack(jar, Progress.NONE);
            unpack(jar, Progress.NONE);

            assertEquals(1, notices.size(), notices.toString());
            String notice = notices.getFirst();
            assertTrue(notice.startsWith("INFO unpacking libtorch 9.9.9-1.5 ("), notice);
            assertTrue(notice.contains(unpacked.getParent().toString()), notice);
        } finally {
            log.removeHandler(handler);
        }
    }

    @Test
    void progressRunsFromNothingToAll() throws IOException {
        List<Long> heard = new ArrayList<>();
        Path unpacked =
                unpack(
                        jar("a.jar", FakeNatives.entries()),
                        (message, done, total) -> {
                            assertEquals("unpacking libtorch 9.9.9-1.5", message);
                            heard.add(done);
                            heard.add(total);
                        });

        long total = 0;
        for (String name : list(unpacked)) {
            total += Files.size(unpacked.resolve(name));
        }
        assertEquals(List.of(0L, total), heard.subList(0, 2));
        assertEquals(List.of(total, total), heard.subList(heard.size() - 2, heard.size()));
    }

    @Test
    void otherContentOfTheSameSizeGetsAnotherFolder() throws IOException {
        Path first = unpack(jar("a.jar", FakeNatives.entries()), Progress.NONE);
        Map<String, String> changed = FakeNatives.entries();
        changed.put(MAIN, "CONTENT of libtorch_cpu.so");
        FakeNatives.addChecksums(changed, FakeNatives.TORCH);

        Path second = unpack(jar("b.jar", changed), Progress.NONE);

        assertNotEquals(first, second);
        assertEquals(
                "CONTENT of libtorch_cpu.so", Files.readString(second.resolve("libtorch_cpu.so")));
    }

    @Test
    void folderOnTheClassPathServesToo() throws IOException {
        Map<String, String> entries = FakeNatives.entries();
        entries.remove(FakeNatives.TORCH + "VERSION");

        Path unpacked =
                unpack(FakeNatives.folder(folder.resolve("classes"), entries), Progress.NONE);

        assertTrue(unpacked.getFileName().toString().matches("[0-9a-f]{8}"), unpacked.toString());
        assertEquals("content of libc10.so", Files.readString(unpacked.resolve("libc10.so")));
    }

    @Test
    void firstClassLoaderThatHasItWins() throws IOException {
        try (var without = FakeNatives.loader(jar("none.jar", Map.of("x", "y")));
                var with = FakeNatives.loader(jar("a.jar", FakeNatives.entries()))) {
            assertTrue(EmbeddedNatives.find(List.of(without)).isEmpty());
            assertTrue(EmbeddedNatives.find(List.of(without, with)).isPresent());
        }
    }

    @Test
    void halfAPairNamesWhatIsMissingAndTheArtifact() throws IOException {
        Map<String, String> entries = FakeNatives.entries();
        entries.keySet().removeIf(name -> name.contains("openblas"));
        Path jar = jar("a.jar", entries);

        var e = assertThrows(IncompatibleModelException.class, () -> unpack(jar, Progress.NONE));

        assertTrue(e.getMessage().contains("libopenblas.so.0"), e.getMessage());
        assertTrue(e.getMessage().contains("libgfortran.so.5"), e.getMessage());
        assertTrue(e.getMessage().contains(EmbeddedNatives.ARTIFACT), e.getMessage());
    }

    @Test
    void presetsServeToo() throws IOException {
        Path unpacked = unpack(jar("a.jar", FakeNatives.presets()), Progress.NONE);

        assertTrue(unpacked.getFileName().toString().startsWith("8.8.8-1.5-"), unpacked.toString());
        assertEquals("content of libc10.so", Files.readString(unpacked.resolve("libc10.so")));
    }

    @Test
    void presetsWithoutTheirOpenBlasHaveOurs() throws IOException {
        Map<String, String> entries = FakeNatives.presets();
        entries.keySet().removeIf(name -> name.contains("openblas"));
        entries.putAll(FakeNatives.entries());
        entries.keySet().removeIf(name -> name.startsWith(FakeNatives.TORCH));

        Path unpacked = unpack(jar("a.jar", entries), Progress.NONE);

        assertTrue(unpacked.getFileName().toString().startsWith("8.8.8-1.5-"), unpacked.toString());
        assertTrue(Files.exists(unpacked.resolve("libopenblas.so.0")));
    }

    @Test
    void oursComeBeforeThePresetsUnlessJavaCppCanUseThem() throws IOException {
        Map<String, String> both = FakeNatives.presets();
        both.putAll(FakeNatives.entries());
        Path ours = unpack(jar("both.jar", both), Progress.NONE);
        assertTrue(ours.getFileName().toString().startsWith("9.9.9-1.5-"), ours.toString());

        // There is no JavaCPP to unpack them, so aoti4j does it.
        both.put(JavaCppCache.API, "not a class");
        Path presets = unpack(jar("javacpp.jar", both), Progress.NONE);
        assertTrue(presets.getFileName().toString().startsWith("8.8.8-1.5-"), presets.toString());
    }

    @Test
    void aLibraryWithAnotherChecksumIsRefused() throws IOException {
        Map<String, String> entries = FakeNatives.entries();
        entries.put(MAIN, "other content");
        Path other = jar("other.jar", entries);
        String message =
                assertThrows(AotiException.class, () -> unpack(other, Progress.NONE)).getMessage();
        assertTrue(message.contains("libtorch_cpu.so is damaged: its SHA-256 is"), message);

        entries = FakeNatives.entries();
        entries.put(FakeNatives.TORCH + "SHA256SUMS", "");
        Path unlisted = jar("unlisted.jar", entries);
        message =
                assertThrows(AotiException.class, () -> unpack(unlisted, Progress.NONE))
                        .getMessage();
        assertTrue(message.contains("does not list libgomp.so.1"), message);

        entries.remove(FakeNatives.TORCH + "SHA256SUMS");
        Path none = jar("none.jar", entries);
        message =
                assertThrows(IncompatibleModelException.class, () -> unpack(none, Progress.NONE))
                        .getMessage();
        assertTrue(message.contains("there is no") && message.contains("SHA256SUMS"), message);
    }

    @Test
    void damagedJarLeavesNothingInTheCache() throws IOException {
        Path jar = jar("a.jar", FakeNatives.entries());
        byte[] bytes = Files.readAllBytes(jar);
        // The checksum in the central directory, of the entry that is unpacked last.
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int name = text.lastIndexOf(FakeNatives.BLAS + "libopenblas.so.0");
        bytes[name - 46 + 16] ^= 1;
        Files.write(jar, bytes);

        var e = assertThrows(AotiException.class, () -> unpack(jar, Progress.NONE));

        assertTrue(e.getMessage().contains("libopenblas.so.0"), e.getMessage());
        assertTrue(e.getMessage().contains("damaged"), e.getMessage());
        for (String left : list(folder.resolve("cache/libtorch"))) {
            assertTrue(left.endsWith(".lock"), left);
        }
    }

    @Test
    void jarIsNotKeptOpen() throws IOException {
        Path jar = jar("a.jar", FakeNatives.entries());
        unpack(jar, Progress.NONE);

        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            assertFalse(open.anyMatch(file -> leadsTo(file, jar)));
        }
    }

    private static boolean leadsTo(Path link, Path file) {
        try {
            return Files.readSymbolicLink(link).equals(file);
        } catch (IOException e) {
            return false;
        }
    }

    private static List<String> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
