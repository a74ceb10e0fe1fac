package io.github.aoti4j.weights.files;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.mapped.MappedFileTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

class SafetensorsFileTest {
    @TempDir Path folder;

    @Test
    void mapsTensorsWhereTheyLie() throws IOException {
        var path =
                write(
                        "{'b': {'dtype': 'F32', 'shape': [2, 1], 'data_offsets': [3, 11]},"
                                + " 'a': {'dtype': 'U8', 'shape': [3], 'data_offsets': [0, 3]}}   ",
                        11);
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(List.of("b", "a"), file.names());
            assertEquals(Map.of(), file.metadata());
            assertTrue(file.contains("a"));
            assertFalse(file.contains("c"));
            var b = file.entry("b");
            assertEquals(DType.FLOAT32, b.dtype());
            assertArrayEquals(new long[] {2, 1}, b.shape());
            assertEquals(8, b.byteSize());
            assertEquals(Files.size(path) - 8, b.offset());
            assertArrayEquals(
                    new byte[] {3, 4, 5, 6, 7, 8, 9, 10},
                    file.segment("b").toArray(ValueLayout.JAVA_BYTE));
            assertTrue(file.segment("a").isReadOnly());
        }
    }

    @Test
    void readsTensorsWithoutDimensionsAndWithoutElements() throws IOException {
        var path =
                write(
                        "{'scalar': {'dtype': 'I64', 'shape': [], 'data_offsets': [0, 8]}, 'end':"
                            + " {'dtype': 'F32', 'shape': [2, 0], 'data_offsets': [8, 8]}, 'begin':"
                            + " {'dtype': 'F32', 'shape': [0], 'data_offsets': [0, 0]}}",
                        8);
        try (var file = SafetensorsFile.open(path)) {
            assertArrayEquals(new long[0], file.entry("scalar").shape());
            assertEquals(8, file.segment("scalar").byteSize());
            assertArrayEquals(new long[] {2, 0}, file.entry("end").shape());
            assertEquals(0, file.segment("end").byteSize());
            assertEquals(0, file.segment("begin").byteSize());
        }
    }

    @Test
    void readsAFileWithoutTensors() throws IOException {
        try (var file = SafetensorsFile.open(write("{}", 0))) {
            assertEquals(List.of(), file.names());
            assertRefused(file.path(), () -> file.entry("a"), "\"a\"", "empty");
        }
    }

    @Test
    void readsMetadata() throws IOException {
        try (var file = SafetensorsFile.open(write("{'__metadata__': {'format': 'pt'}}", 0))) {
            assertEquals(Map.of("format", "pt"), file.metadata());
            assertEquals(List.of(), file.names());
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void readsEveryDTypeThatTheFormatNames(DType dtype) throws IOException {
        String name = dtype.safetensorsName().orElse("");
        int size = 2 * dtype.byteSize();
        int count = dtype == DType.FLOAT4_E2M1FN_X2 ? 4 : 2;
        var path = write(tensor(name, "[1, " + count + "]", "[0, " + size + "]"), size);
        if (name.isEmpty()) {
            assertRefused(path, () -> SafetensorsFile.open(path), "\"t\"", "dtype");
            return;
        }
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(dtype, file.entry("t").dtype());
            assertArrayEquals(new long[] {1, 2}, file.entry("t").shape());
        }
    }

    @Test
    void handsOutCopiesOfShapes() throws IOException {
        try (var file = SafetensorsFile.open(write(tensor("U8", "[3]", "[0, 3]"), 3))) {
            file.entry("t").shape()[0] = 5;
            assertArrayEquals(new long[] {3}, file.entry("t").shape());
        }
    }

    @Test
    void mapsATensorLargerThanTwoGibibytes() throws IOException {
        long size = (2L << 30) + 8;
        var header =
                header(tensor("F64", "[" + size / 8 + "]", "[0, " + size + "]").replace('\'', '"'));
        var path = Files.write(folder.resolve("large.safetensors"), header);
        MappedFileTest.writeAt(path, header.length + size - 1, new byte[] {64});
        try (var file = SafetensorsFile.open(path)) {
            var last = file.segment("t").get(ValueLayout.JAVA_DOUBLE_UNALIGNED, size - 8);
            assertEquals(2.0, last);
        }
    }

    @Test
    void listsTheTensorsWhenOneIsNotThere() throws IOException {
        try (var file = SafetensorsFile.open(write(tensor("U8", "[3]", "[0, 3]"), 3))) {
            assertRefused(file.path(), () -> file.segment("x"), "\"x\"", "holds \"t\"");
        }
    }

    @Test
    void namesTheFileWhenUsedAfterClose() throws IOException {
        var file = SafetensorsFile.open(write(tensor("U8", "[3]", "[0, 3]"), 3));
        file.close();
        file.close();
        var failure = assertThrows(IllegalStateException.class, () -> file.segment("t"));
        assertTrue(failure.getMessage().contains("file.safetensors"), failure.getMessage());
    }

    @Test
    void refusesAFileTooShortForAHeader() throws IOException {
        assertNotOpened(new byte[] {1, 2, 3}, "3 bytes", "too few");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 1000, Long.MAX_VALUE, -1})
    void refusesAHeaderLongerThanTheFile(long length) throws IOException {
        byte[] file = new byte[10];
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        assertNotOpened(file, "header claims " + Long.toUnsignedString(length), "only 2");
    }

    @Test
    void refusesAHeaderBeyondTheFormatsLimit() throws IOException {
        var path = folder.resolve("huge.safetensors");
        byte[] length = new byte[8];
        ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putLong(100_000_001);
        MappedFileTest.writeAt(path, 0, length);
        MappedFileTest.writeAt(path, 100_000_008, new byte[] {'}'});
        assertRefused(path, () -> SafetensorsFile.open(path), "100000001", "at most 100000000");
    }

    @Test
    void refusesAHeaderInUtf16() throws IOException {
        byte[] json = "{}".getBytes(StandardCharsets.UTF_16LE);
        byte[] file = new byte[8 + json.length];
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
        assertNotOpened(file, "not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "[]",
                "null",
                "{",
                "{'t': ",
                "{} x",
                "{}{}",
                "{'t': {'dtype': 'U8', 'shape': [], 'data_offsets': [0, 1]}}\0",
                "{'t\\ud': 1}"
            })
    void refusesAHeaderThatIsNotOneJsonObject(String json) throws IOException {
        assertNotOpened(json, 1, "header", "write the file again");
    }

    @Test
    void refusesDuplicateNames() throws IOException {
        assertNotOpened(
                "{'t': {'dtype': 'U8', 'shape': [1], 'data_offsets': [0, 1]},"
                        + " 't': {'dtype': 'U8', 'shape': [1], 'data_offsets': [1, 2]}}",
                2,
                "Duplicate",
                "\"t\"");
    }

    @Test
    void refusesMetadataThatIsNotStrings() throws IOException {
        assertNotOpened("{'__metadata__': {'n': 1}}", 0, "__metadata__", "\"n\"", "not a string");
        assertNotOpened("{'__metadata__': 'n'}", 0, "__metadata__", "not a JSON object");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5|not described",
                "[]|not described",
                "{}|lacks",
                "{\"dtype\": \"U8\", \"shape\": [4]}|lacks",
                "{\"shape\": [4], \"data_offsets\": [0, 4]}|lacks",
                "{\"dtype\": \"U8\", \"data_offsets\": [0, 4]}|lacks",
                "{\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [0, 4], \"x\": 1}|\"x\"",
                "{\"dtype\": 8, \"shape\": [4], \"data_offsets\": [0, 4]}|not a string",
                "{\"dtype\": \"U8\", \"shape\": 4, \"data_offsets\": [0, 4]}|not an array",
                "{\"dtype\": \"U8\", \"shape\": [4.0], \"data_offsets\": [0, 4]}|whole numbers",
                "{\"dtype\": \"U8\", \"shape\": [\"4\"], \"data_offsets\": [0, 4]}|whole numbers",
                "{\"dtype\": \"U8\", \"shape\": [[4]], \"data_offsets\": [0, 4]}|whole numbers",
                "{\"dtype\": \"U8\", \"shape\": [-4], \"data_offsets\": [0, 4]}|negative",
                "{\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [-4, 0]}|negative",
                "{\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [4, 0]}|backwards",
                "{\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [4]}|begin and an end",
                "{\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [0, 2, 4]}|more than 2",
                "{\"dtype\": \"U9\", \"shape\": [4], \"data_offsets\": [0, 4]}|\"U9\", which",
                "{\"dtype\": \"F4\", \"shape\": [], \"data_offsets\": [0, 4]}|even size",
                "{\"dtype\": \"F4\", \"shape\": [2, 3], \"data_offsets\": [0, 4]}|even size",
                "{\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [0, 4]}|takes 3 bytes",
                "{\"dtype\": \"F32\", \"shape\": [], \"data_offsets\": [0, 3]}|takes 4 bytes",
                "{\"dtype\": \"U8\", \"shape\": [99999999999999999999], \"data_offsets\": [0,"
                        + " 4]}|64 bits",
                "{\"dtype\": \"U8\", \"shape\": [4294967296, 4294967297], \"data_offsets\": [0,"
                        + " 4]}|larger",
                "{\"dtype\": \"F64\", \"shape\": [2305843009213693952], \"data_offsets\": [0,"
                        + " 0]}|larger",
                "{\"dtype\": \"U8\", \"shape\": [0], \"data_offsets\": [9223372036854775807,"
                        + " 9223372036854775807]}|larger",
                "{\"dtype\": \"U8\", \"shape\": [5], \"data_offsets\": [0, 5]}|beyond the 4",
                "{\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [1, 4]}|hole"
            })
    void refusesATensorThatCannotBe(String tensor, String reason) throws IOException {
        assertNotOpened("{'t': " + tensor + "}", 4, "tensor \"t\"", reason);
    }

    @Test
    void refusesTooManyDimensions() throws IOException {
        String shape = Collections.nCopies(65, "1").toString();
        assertNotOpened(tensor("U8", shape, "[0, 1]"), 1, "\"t\"", "more than 64");
        String most = Collections.nCopies(64, "1").toString();
        try (var file = SafetensorsFile.open(write(tensor("U8", most, "[0, 1]"), 1))) {
            assertEquals(64, file.entry("t").shape().length);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 4, overlaps", "0, 2, overlaps", "4, 6, hole", "3, 5, "})
    void refusesOverlapsAndHoles(int begin, int end, String reason) throws IOException {
        String json =
                "{'u': {'dtype': 'U8', 'shape': [2], 'data_offsets': [%d, %d]},"
                                .formatted(begin, end)
                        + " 't': {'dtype': 'U8', 'shape': [3], 'data_offsets': [0, 3]}}";
        if (reason == null) {
            SafetensorsFile.open(write(json, end)).close();
        } else {
            assertNotOpened(json, end, "tensor \"", reason);
        }
    }

    @Test
    void refusesBytesThatBelongToNoTensor() throws IOException {
        assertNotOpened(tensor("U8", "[3]", "[0, 3]"), 4, "end at 3", "4 bytes");
        assertNotOpened("{}", 1, "end at 0", "1 bytes");
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        var path = write(tensor("U8", "[300]", "[0, 300]"), 300);
        byte[] whole = Files.readAllBytes(path);
        for (int length : new int[] {4, 20, whole.length - 300, whole.length - 1}) {
            assertNotOpened(Arrays.copyOf(whole, length), "copy it again");
        }
    }

    private static String tensor(String dtype, String shape, String offsets) {
        return "{'t': {'dtype': '%s', 'shape': %s, 'data_offsets': %s}}"
                .formatted(dtype, shape, offsets);
    }

    private static byte[] header(String json) {
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + utf8.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(utf8.length)
                .put(utf8)
                .array();
    }

    /** Quotes in the JSON may be single; the data count from 0. */
    private Path write(String json, int dataBytes) throws IOException {
        byte[] header = header(json.replace('\'', '"'));
        byte[] file = Arrays.copyOf(header, header.length + dataBytes);
        for (int i = 0; i < dataBytes; i++) {
            file[header.length + i] = (byte) i;
        }
        return Files.write(folder.resolve("file.safetensors"), file);
    }

    private void assertNotOpened(String json, int dataBytes, String... words) throws IOException {
        var path = write(json, dataBytes);
        assertRefused(path, () -> SafetensorsFile.open(path), words);
    }

    private void assertNotOpened(byte[] bytes, String... words) throws IOException {
        var path = Files.write(folder.resolve("file.safetensors"), bytes);
        assertRefused(path, () -> SafetensorsFile.open(path), words);
    }
}
