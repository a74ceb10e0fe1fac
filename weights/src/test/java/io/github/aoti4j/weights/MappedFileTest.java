package io.github.aoti4j.weights;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

class MappedFileTest {
    @TempDir Path folder;

    @Test
    void mapsTheWholeFile() throws IOException {
        var path = Files.write(folder.resolve("file"), new byte[] {1, 2, 3});
        try (var file = MappedFile.open(path)) {
            assertEquals(path, file.path());
            assertEquals(3, file.size());
            assertTrue(file.segment().isReadOnly());
            assertEquals(3, file.segment().get(ValueLayout.JAVA_BYTE, 2));
        }
    }

    @Test
    void mapsMoreThanTwoGibibytesAsOneSegment() throws IOException {
        var path = folder.resolve("large");
        long last = 5L << 30;
        writeAt(path, last, new byte[] {42});
        try (var file = MappedFile.open(path)) {
            assertEquals(last + 1, file.size());
            assertEquals(42, file.segment().get(ValueLayout.JAVA_BYTE, last));
        }
    }

    @Test
    void followsASymbolicLink() throws IOException {
        var target = Files.write(folder.resolve("target"), new byte[] {7});
        var link = Files.createSymbolicLink(folder.resolve("link"), target);
        try (var file = MappedFile.open(link)) {
            assertEquals(1, file.size());
        }
    }

    @Test
    void namesTheFileWhenUsedAfterClose() throws IOException {
        var path = Files.write(folder.resolve("closed.bin"), new byte[] {1});
        var file = MappedFile.open(path);
        file.close();
        file.close();
        var failure = assertThrows(IllegalStateException.class, file::segment);
        assertTrue(failure.getMessage().contains("closed.bin"), failure.getMessage());
    }

    @Test
    void endsSlicesWithItself() throws IOException {
        MemorySegment slice;
        try (var file = MappedFile.open(Files.write(folder.resolve("file"), new byte[8]))) {
            slice = file.segment().asSlice(4);
        }
        assertThrows(IllegalStateException.class, () -> slice.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        var path = Files.createFile(folder.resolve("empty"));
        assertRefused(path, () -> MappedFile.open(path), "empty", "copy it again");
    }

    @Test
    void refusesADirectory() {
        assertRefused(folder, () -> MappedFile.open(folder), "directory", "path of a file");
    }

    @Test
    void refusesAMissingFile() {
        var path = folder.resolve("missing");
        assertRefused(path, () -> MappedFile.open(path), "no such file", "check the path");
    }

    @Test
    void refusesAPathThroughAFile() throws IOException {
        var path = Files.createFile(folder.resolve("file")).resolve("below");
        assertRefused(path, () -> MappedFile.open(path), "check the path");
    }

    @Test
    void refusesADevice() {
        var path = Path.of("/dev/null");
        assumeTrue(Files.exists(path), "needs /dev/null");
        assertRefused(path, () -> MappedFile.open(path), "not a regular file", "copy it");
    }

    @Test
    void refusesAFileThatMayNotBeRead() throws IOException {
        var path = Files.write(folder.resolve("secret"), new byte[] {1});
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(path), "this user may read every file");
        assertRefused(path, () -> MappedFile.open(path), "permission");
    }

    /** Leaves a hole before the bytes, which takes no space on the disk. */
    static void writeAt(Path path, long position, byte[] bytes) throws IOException {
        try (var channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), position);
        }
    }
}
