package io.github.aoti4j.weights.mapped;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.testing.TestFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class MappedFileTest {
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
    void keepsWritesToItself() throws IOException {
        var path = Files.write(folder.resolve("file"), new byte[] {1, 2, 3});
        try (var file = MappedFile.open(path);
                var duplicate = file.duplicate()) {
            file.writableSegment().set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
            assertEquals(9, file.segment().get(ValueLayout.JAVA_BYTE, 1));
            assertEquals(2, duplicate.segment().get(ValueLayout.JAVA_BYTE, 1));
        }
        assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(path));
    }

    @Test
    void sharesOneMappingAmongOwners() throws IOException {
        var path = Files.write(folder.resolve("file"), new byte[] {1, 2, 3});
        var file = MappedFile.open(path);
        try (var other = file.share()) {
            file.writableSegment().set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
            assertEquals(9, other.segment().get(ValueLayout.JAVA_BYTE, 1));
            assertEquals(file.segment().address(), other.segment().address());
            assertEquals(1, mappings(path));
            file.close();
            assertThrows(IllegalStateException.class, file::segment);
            assertThrows(IllegalStateException.class, file::share);
            assertEquals(9, other.segment().get(ValueLayout.JAVA_BYTE, 1));
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    private static long mappings(Path path) throws IOException {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.endsWith(path.toString())).count();
        }
    }

    @Test
    void copiesBytesThatAreNoFile() throws IOException {
        byte[] bytes = new byte[3 << 20];
        bytes[bytes.length - 1] = 7;
        var name = Path.of("<bytes>");
        try (var file = MappedFile.copyOf(MemorySegment.ofArray(bytes), name)) {
            bytes[bytes.length - 1] = 8;
            assertTrue(file.isInMemory());
            assertEquals(name, file.path());
            assertEquals(bytes.length, file.size());
            assertEquals(7, file.segment().get(ValueLayout.JAVA_BYTE, bytes.length - 1));
            try (var duplicate = file.duplicate()) {
                duplicate.writableSegment().set(ValueLayout.JAVA_BYTE, 0, (byte) 5);
                assertEquals(0, file.segment().get(ValueLayout.JAVA_BYTE, 0));
                assertTrue(duplicate.isInMemory());
            }
        }
        assertRefused(
                name,
                () -> MappedFile.copyOf(MemorySegment.ofArray(new byte[0]), name),
                "no bytes");
    }

    @Test
    void hashesTheFile() throws IOException {
        var path = Files.writeString(folder.resolve("file"), "abc");
        var heard = new ArrayList<String>();
        try (var file = MappedFile.open(path)) {
            // FIPS 180-2, B.1.
            assertEquals(
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                    file.sha256((message, done, total) -> heard.add(done + " of " + total)));
        }
        assertEquals(List.of("0 of 3", "3 of 3"), heard);
    }

    @Test
    void livesUntilTheLastHoldIsGoneWhicheverThreadHasIt() throws Exception {
        var file = MappedFile.open(Files.write(folder.resolve("file"), new byte[8]));
        var segment = file.segment();
        int threads = 8;
        var start = new CountDownLatch(threads + 1);
        var done = new ArrayList<Future<Integer>>();
        try (var executor = Executors.newFixedThreadPool(threads)) {
            for (int i = 0; i < threads; i++) {
                done.add(
                        executor.submit(
                                () -> {
                                    int held = 0;
                                    try (var _ = file.hold()) {
                                        start.countDown();
                                        start.await();
                                        for (; held < 1000; held++) {
                                            byte _ = segment.get(ValueLayout.JAVA_BYTE, 7);
                                        }
                                    }
                                    return held;
                                }));
            }
            start.countDown();
            start.await();
            file.close();
            for (var each : done) {
                assertEquals(1000, each.get());
            }
        }
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, file::hold);
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Test
    void staysOpenWhenItIsClosedInTheMiddleOfANativeCall() throws Throwable {
        try (var file = MappedFile.open(Files.write(folder.resolve("file"), new byte[8]))) {
            // Comparing calls back, which is where the mapping is in use.
            var failure = closeFromWithinQsort(file);
            assertInstanceOf(IllegalStateException.class, failure);
            assertEquals(8, file.segment().byteSize());
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    private static Throwable closeFromWithinQsort(MappedFile file) throws Throwable {
        var failures = new ArrayList<Throwable>();
        var linker = Linker.nativeLinker();
        var qsort =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("qsort"),
                        FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
        Comparison compare =
                (a, b) -> {
                    try {
                        file.close();
                    } catch (IllegalStateException e) {
                        failures.add(e);
                    }
                    return 0;
                };
        try (var arena = Arena.ofConfined()) {
            var handle =
                    MethodHandles.lookup()
                            .findVirtual(
                                    Comparison.class,
                                    "compare",
                                    MethodType.methodType(
                                            int.class, MemorySegment.class, MemorySegment.class))
                            .bindTo(compare);
            var callback =
                    linker.upcallStub(
                            handle, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), arena);
            qsort.invokeExact(file.writableSegment(), 2L, 4L, callback);
        }
        return failures.getFirst();
    }

    interface Comparison {
        int compare(MemorySegment a, MemorySegment b);
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
    public static void writeAt(Path path, long position, byte[] bytes) throws IOException {
        try (var channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), position);
        }
    }
}
