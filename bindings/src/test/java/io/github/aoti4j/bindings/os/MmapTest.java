package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

class MmapTest {
    @TempDir Path folder;

    @Test
    void writesDoNotReachTheFile() throws IOException {
        var path = file(1, 2, 3);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
        try (var mapping = Mmap.open(path);
                var other = Mmap.open(path);
                var again = mapping.again()) {
            assertEquals(0, mapping.segment().address() % Pages.SIZE);
            assertArrayEquals(new byte[] {1, 2, 3}, bytes(mapping));
            mapping.segment().set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
            assertArrayEquals(new byte[] {1, 9, 3}, bytes(mapping));
            assertArrayEquals(new byte[] {1, 2, 3}, bytes(other));
            assertArrayEquals(new byte[] {1, 2, 3}, bytes(again));
        }
        assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(path));
    }

    @Test
    void mapsTheSameFileAgainAfterItsNameWentToAnother() throws IOException {
        var path = file(1, 2, 3);
        try (var mapping = Mmap.open(path)) {
            var newer = Files.write(folder.resolve("newer"), new byte[] {4});
            Files.move(newer, path, StandardCopyOption.ATOMIC_MOVE);
            try (var again = mapping.again()) {
                assertArrayEquals(new byte[] {1, 2, 3}, bytes(again));
            }
        }
    }

    @Test
    void refusesToMapAgainAFileThatWasCutShort() throws IOException {
        var path = file(1, 2, 3);
        try (var mapping = Mmap.open(path)) {
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(2);
            }
            var failure = assertThrows(FileSystemException.class, mapping::again);
            assertTrue(failure.getMessage().contains("rewritten in place"), failure.getMessage());
            assertTrue(failure.getMessage().contains("3 bytes"), failure.getMessage());
        }
        assertNotInUse();
    }

    @Test
    void leavesNothingBehind() throws IOException {
        var path = file(1, 2, 3);
        var mapping = Mmap.open(path);
        var again = mapping.again();
        // Two mappings, and the file that both are of.
        assertEquals(3, uses());
        var segment = mapping.segment();
        mapping.close();
        mapping.close();
        assertEquals(2, uses());
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        var failure = assertThrows(IllegalStateException.class, mapping::again);
        assertTrue(failure.getMessage().contains(path.toString()), failure.getMessage());
        again.close();
        assertNotInUse();
    }

    @Test
    void givesAnEmptyFileAnEmptySegment() throws IOException {
        try (var mapping = Mmap.open(file())) {
            assertEquals(0, mapping.segment().byteSize());
        }
        assertNotInUse();
    }

    @Test
    void tellsAMissingFile() {
        var path = folder.resolve("missing");
        var failure = assertThrows(NoSuchFileException.class, () -> Mmap.open(path));
        assertEquals(path.toString(), failure.getFile());
        assertTrue(failure.getReason().startsWith("open: "), failure.getReason());
    }

    @Test
    void tellsAFileThatMayNotBeRead() throws IOException {
        var path = file(1);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(path), "this user may read every file");
        assertThrows(AccessDeniedException.class, () -> Mmap.open(path));
    }

    @Test
    void tellsWhatCannotBeMapped() throws IOException {
        assertThrows(FileSystemException.class, () -> Mmap.open(folder));
        assertNotInUse();
    }

    @Test
    void refusesAnotherFileSystem() throws IOException {
        var zip = folder.resolve("a.zip");
        try (var inside = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            var path = Files.write(inside.getPath("/file"), new byte[] {1});
            var failure = assertThrows(FileSystemException.class, () -> Mmap.open(path));
            assertTrue(failure.getMessage().contains("only Java"), failure.getMessage());
        }
    }

    @Test
    void findsAFileWhoseNameIsNotAscii() throws IOException {
        var path = Files.write(folder.resolve("gewichte-ä"), new byte[] {5});
        try (var mapping = Mmap.open(path)) {
            assertArrayEquals(new byte[] {5}, bytes(mapping));
        }
    }

    private Path file(int... bytes) throws IOException {
        byte[] content = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            content[i] = (byte) bytes[i];
        }
        return Files.write(folder.resolve("file"), content);
    }

    private static byte[] bytes(Mmap mapping) {
        return mapping.segment().toArray(ValueLayout.JAVA_BYTE);
    }

    private void assertNotInUse() throws IOException {
        assertEquals(0, uses());
    }

    /** Mappings and descriptors of files in the folder. */
    private long uses() throws IOException {
        long count;
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            count = lines.filter(line -> line.contains(folder.toString())).count();
        }
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).startsWith(folder)) {
                    count++;
                }
            }
        }
        return count;
    }
}
