package io.github.aoti4j.weights.files;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

class SafetensorsWriterTest {
    @TempDir Path folder;

    @Test
    void writesWhatCanBeReadBack() throws IOException {
        var path = folder.resolve("out.safetensors");
        var tensors = new LinkedHashMap<String, TensorData>();
        tensors.put("bytes", heap(DType.UINT8, 3));
        tensors.put("scalar", heap(DType.FLOAT32));
        tensors.put("none", heap(DType.FLOAT64, 0, 4));
        tensors.put("ünï \"q\" \n", heap(DType.INT64, 2, 2));
        SafetensorsWriter.write(path, tensors, Map.of("made by", "a test"));
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(List.copyOf(tensors.keySet()), file.names());
            assertEquals(Map.of("made by", "a test"), file.metadata());
            tensors.forEach((name, tensor) -> assertSame(tensor, file, name));
        }
    }

    @Test
    void aLinkStaysAndTheFileItLeadsToIsReplaced() throws IOException {
        Path path = Files.writeString(folder.resolve("out.safetensors"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), path.getFileName());
        SafetensorsWriter.write(link, Map.of("a", heap(DType.UINT8, 3)));
        assertTrue(Files.isSymbolicLink(link));
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(List.of("a"), file.names());
        }
    }

    /** Renaming over /dev/null would replace it for the whole machine. */
    @Test
    void devicesAndPipesAreRefused() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        var e =
                assertThrows(
                        PackageException.class,
                        () -> SafetensorsWriter.write(pipe, Map.of("a", heap(DType.UINT8, 3))));
        assertTrue(e.getMessage().contains("not a regular file"), e::getMessage);
        assertTrue(Files.exists(pipe) && !Files.isRegularFile(pipe));
    }

    @Test
    void writesEveryDTypeThatTheFormatNames() {
        var path = folder.resolve("out.safetensors");
        var tensors = new LinkedHashMap<String, TensorData>();
        for (var dtype : DType.values()) {
            if (dtype.safetensorsName().isPresent()) {
                tensors.put(dtype.torchName(), heap(dtype, 3, 5));
            }
        }
        SafetensorsWriter.write(path, tensors);
        try (var file = SafetensorsFile.open(path)) {
            tensors.forEach((name, tensor) -> assertSame(tensor, file, name));
        }
    }

    @Test
    void alignsDataAndEveryTensorToItsElements() {
        var path = folder.resolve("out.safetensors");
        var tensors = new LinkedHashMap<String, TensorData>();
        tensors.put("a", heap(DType.UINT8, 3));
        tensors.put("b", heap(DType.FLOAT64, 1));
        tensors.put("c", heap(DType.BFLOAT16, 3));
        tensors.put("d", heap(DType.COMPLEX64, 3));
        tensors.put("e", heap(DType.FLOAT32, 1));
        SafetensorsWriter.write(path, tensors);
        try (var file = SafetensorsFile.open(path)) {
            long first = Long.MAX_VALUE;
            for (String name : file.names()) {
                var entry = file.entry(name);
                assertEquals(0, entry.offset() % entry.dtype().byteSize(), entry::toString);
                first = Math.min(first, entry.offset());
            }
            assertEquals(0, first % 64);
        }
    }

    @Test
    void writesFromAnyKindOfMemory() {
        var path = folder.resolve("out.safetensors");
        long[] shape = {3_000_001};
        try (var arena = Arena.ofConfined()) {
            var offHeap = arena.allocate(shape[0]);
            offHeap.set(ValueLayout.JAVA_BYTE, shape[0] - 1, (byte) 9);
            byte[] onHeap = new byte[(int) shape[0]];
            onHeap[onHeap.length - 1] = 8;
            var tensors = new LinkedHashMap<String, TensorData>();
            tensors.put("native", new TensorData(DType.INT8, shape, offHeap));
            tensors.put("heap", new TensorData(DType.INT8, shape, MemorySegment.ofArray(onHeap)));
            tensors.put(
                    "floats",
                    new TensorData(
                            DType.FLOAT32,
                            new long[] {2},
                            MemorySegment.ofArray(new float[] {1.5f, -2f})));
            SafetensorsWriter.write(path, tensors);
            try (var file = SafetensorsFile.open(path)) {
                assertEquals(-1, file.segment("native").mismatch(offHeap));
                assertEquals(-1, file.segment("heap").mismatch(MemorySegment.ofArray(onHeap)));
                assertArrayEquals(
                        new float[] {1.5f, -2f},
                        file.segment("floats").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            }
        }
    }

    @Test
    void writesAFileWithoutTensors() {
        var path = folder.resolve("out.safetensors");
        SafetensorsWriter.write(path, Map.of());
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(List.of(), file.names());
        }
    }

    @Test
    void replacesAFileWithoutDisturbingItsReaders() throws IOException {
        var path = folder.resolve("out.safetensors");
        var before = heap(DType.UINT8, 100);
        SafetensorsWriter.write(path, Map.of("t", before));
        try (var old = SafetensorsFile.open(path)) {
            SafetensorsWriter.write(path, Map.of("t", heap(DType.INT32, 1)));
            assertSame(before, old, "t");
        }
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(DType.INT32, file.entry("t").dtype());
        }
        assertEquals(List.of("out.safetensors"), filesInFolder());
    }

    @Test
    void refusesDTypesThatTheFormatLacks() throws IOException {
        for (var dtype : List.of(DType.COMPLEX32, DType.COMPLEX128)) {
            assertNotWritten("sum", heap(dtype, 2), "\"sum\"", dtype.torchName(), "cannot store");
        }
    }

    @Test
    void refusesBytesThatDoNotFit() throws IOException {
        var bytes = MemorySegment.ofArray(new byte[7]);
        assertNotWritten(
                "t",
                new TensorData(DType.FLOAT32, new long[] {2}, bytes),
                "\"t\"",
                "takes 8 bytes",
                "7 were given");
    }

    @Test
    void refusesShapesThatCannotBe() throws IOException {
        assertNotWritten("t", shaped(DType.UINT8, -1), "negative");
        assertNotWritten("t", shaped(DType.UINT8, 1L << 32, 1L << 32), "larger");
        assertNotWritten("t", shaped(DType.UINT8, new long[65]), "65 dimensions");
        assertNotWritten("t", heap(DType.FLOAT4_E2M1FN_X2), "reshape");
    }

    @Test
    void refusesTheNameOfTheMetadata() throws IOException {
        assertNotWritten("__metadata__", heap(DType.UINT8, 1), "__metadata__", "name it otherwise");
    }

    @Test
    void refusesNamesThatAreNotUnicode() throws IOException {
        assertNotWritten("a\ud800", heap(DType.UINT8, 1), "\"a", "Unicode");
        var metadata = Map.of("key", "\udc00");
        var refusal =
                assertThrows(
                        InvalidInputException.class,
                        () -> SafetensorsWriter.write(folder.resolve("out"), Map.of(), metadata));
        assertTrue(refusal.getMessage().contains("Unicode"), refusal.getMessage());
    }

    @Test
    void leavesTheOldFileWhenItCannotWrite() throws IOException {
        var path = folder.resolve("out.safetensors");
        SafetensorsWriter.write(path, Map.of("t", heap(DType.UINT8, 5)));
        byte[] before = Files.readAllBytes(path);
        var arena = Arena.ofConfined();
        var closed = new TensorData(DType.UINT8, new long[] {4}, arena.allocate(4));
        arena.close();
        assertThrows(
                IllegalStateException.class,
                () -> SafetensorsWriter.write(path, Map.of("t", closed)));
        assertArrayEquals(before, Files.readAllBytes(path));
        assertEquals(List.of("out.safetensors"), filesInFolder());
    }

    @Test
    void refusesAPlaceThatCannotBeWritten() throws IOException {
        var tensors = Map.of("t", heap(DType.UINT8, 1));
        var missing = folder.resolve("no/such/folder/out.safetensors");
        assertRefused(
                missing, () -> SafetensorsWriter.write(missing, tensors), "cannot be written");
        assertRefused(folder, () -> SafetensorsWriter.write(folder, tensors), "directory");
        assertEquals(List.of(), filesInFolder());
    }

    @Test
    void refusesAFolderWithoutPermission() throws IOException {
        var locked = Files.createDirectory(folder.resolve("locked"));
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
        assumeFalse(Files.isWritable(locked), "this user may write everywhere");
        var path = locked.resolve("out.safetensors");
        assertRefused(
                path,
                () -> SafetensorsWriter.write(path, Map.of("t", heap(DType.UINT8, 1))),
                "cannot be written");
    }

    private void assertNotWritten(String name, TensorData tensor, String... words)
            throws IOException {
        var path = folder.resolve("out.safetensors");
        var refusal =
                assertThrows(
                        InvalidInputException.class,
                        () -> SafetensorsWriter.write(path, Map.of(name, tensor)));
        for (String word : words) {
            assertTrue(refusal.getMessage().contains(word), refusal.getMessage());
        }
        assertEquals(List.of(), filesInFolder());
    }

    private List<String> filesInFolder() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toList());
        }
    }

    private static TensorData shaped(DType dtype, long... shape) {
        return new TensorData(dtype, shape, MemorySegment.NULL);
    }

    private static TensorData heap(DType dtype, long... shape) {
        long size = dtype.byteSize();
        for (long dimension : shape) {
            size *= dimension;
        }
        byte[] bytes = new byte[(int) size];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7 + 1);
        }
        return new TensorData(dtype, shape, MemorySegment.ofArray(bytes));
    }

    private static void assertSame(TensorData expected, SafetensorsFile file, String name) {
        assertEquals(expected.dtype(), file.entry(name).dtype());
        assertArrayEquals(expected.shape(), file.entry(name).shape());
        assertEquals(-1, file.segment(name).mismatch(expected.bytes()));
    }
}
