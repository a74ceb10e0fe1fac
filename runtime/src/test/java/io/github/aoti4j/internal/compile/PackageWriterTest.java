package io.github.aoti4j.internal.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

class PackageWriterTest {
    @TempDir private Path folder;
    private Path source;
    private Path library;
    private Path target;

    @BeforeEach
    void makePackage() throws IOException {
        source = new SourcePackage().write(folder.resolve("m.pt2"));
        library = Files.write(folder.resolve("model.so"), SourcePackage.library());
        target = folder.resolve("out.pt2");
    }

    private void write(Path from, boolean replace) {
        try (var archive = Pt2Archive.open(from)) {
            PackageWriter.write(archive, Map.of(archive.model("model"), library), target, replace);
        }
    }

    @Test
    void libraryTakesThePlaceOfWhatItWasMadeOf() throws IOException {
        write(source, false);

        try (var written = Pt2Archive.open(target)) {
            assertEquals(
                    List.of(
                            "root/data/aotinductor/model/x.wrapper.cpp",
                            "root/data/aotinductor/model/x.wrapper.so",
                            "root/archive_format"),
                    written.entries().stream().map(ArchiveEntry::name).toList());
            var model = written.model("model");
            assertFalse(model.isSourceOnly());
            assertArrayEquals(
                    SourcePackage.library(),
                    written.segment(model.library()).toArray(ValueLayout.JAVA_BYTE));
            for (ArchiveEntry entry : written.entries()) {
                written.checkCrc(entry);
                assertEquals(0, entry.offset() % 64, entry.name());
            }
        }
    }

    @Test
    void othersReadItToo() throws IOException {
        write(source, false);

        try (var zip = new ZipFile(target.toFile())) {
            var entry = zip.getEntry("root/data/aotinductor/model/x.wrapper.so");
            assertArrayEquals(SourcePackage.library(), zip.getInputStream(entry).readAllBytes());
        }
    }

    @Test
    void refusesToReplaceAFileUnlessTold() throws IOException {
        Files.writeString(target, "precious");

        var e = assertThrows(AotiException.class, () -> write(source, false));

        assertTrue(e.getMessage().contains("--force"), e.getMessage());
        assertEquals("precious", Files.readString(target));
        write(source, true);
        Pt2Archive.open(target).close();
        assertThrows(AotiException.class, () -> PackageWriter.requireFree(folder, true));
    }

    @Test
    void mayReplaceThePackageItComesFrom() throws IOException {
        target = source;

        write(source, true);

        try (var written = Pt2Archive.open(source)) {
            assertFalse(written.model("model").isSourceOnly());
        }
    }

    @Test
    void failureLeavesNothing() throws IOException {
        byte[] bytes = Files.readAllBytes(source);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("int source;");
        bytes[at] ^= 1;
        Files.write(source, bytes);

        assertThrows(PackageException.class, () -> write(source, false));

        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of("m.pt2", "model.so"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void unpackedPackageGetsARootFolder() throws IOException {
        Path unpacked = folder.resolve("unpacked");
        try (var zip = new ZipFile(source.toFile())) {
            for (var entry : zip.stream().toList()) {
                Path file = unpacked.resolve(entry.getName().substring("root/".length()));
                Files.createDirectories(file.getParent());
                Files.copy(zip.getInputStream(entry), file);
            }
        }

        write(unpacked, false);

        try (var written = Pt2Archive.open(target)) {
            assertTrue(
                    written.entries().stream().allMatch(entry -> entry.name().startsWith("out/")));
        }
    }

    @Test
    void moreEntriesThan16BitsCount() throws IOException {
        int count = 66_000;
        try (var channel =
                FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            var zip = new ZipWriter(channel);
            for (int i = 0; i < count; i++) {
                String name = "r/data/aotinductor/m/" + i;
                zip.add(name, MemorySegment.ofArray(new byte[] {(byte) i}));
            }
            zip.finish();
        }

        try (var written = Pt2Archive.open(target);
                var other = new ZipFile(target.toFile())) {
            assertEquals(count, written.entries().size());
            assertEquals(count, other.size());
            written.checkCrc(written.entries().getLast());
        }
    }

    @Test
    void writesTheSameBytesEachTime() throws IOException {
        write(source, false);
        byte[] first = Files.readAllBytes(target);
        write(source, true);
        assertArrayEquals(first, Files.readAllBytes(target));
    }
}
