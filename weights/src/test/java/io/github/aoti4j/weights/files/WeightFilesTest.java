package io.github.aoti4j.weights.files;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.testing.TestFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

class WeightFilesTest {
    @TempDir Path folder;

    @Test
    void goesByContentAndNotByName() throws IOException {
        var safetensors = TestFiles.safetensors(folder.resolve("weights.bin"), "a");
        var torch = Files.write(folder.resolve("model"), TestFiles.torchSave());
        TestFiles.sharded(folder);
        var index = folder.resolve("index");
        Files.move(folder.resolve("model.safetensors.index.json"), index);
        for (var path : List.of(safetensors, torch, index)) {
            try (var source = WeightFiles.open(path)) {
                assertEquals("a", source.names().getFirst());
            }
        }
    }

    /** A header's length may begin with the bytes of a space and a brace. */
    @ParameterizedTest
    @ValueSource(ints = {0x7b, 0x7b20, 0x017b20, 0x22227b})
    void takesNoHeaderLengthForJson(int length) throws IOException {
        byte[] json = "{}".getBytes(StandardCharsets.US_ASCII);
        var bytes = ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        var path = Files.write(folder.resolve("f"), bytes.array());
        try (var source = WeightFiles.open(path)) {
            assertEquals(List.of(), source.names());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "80028a0a6cfc9c46f920|before version 1.6",
                "76657273696f6e2068747470733a2f2f6769742d6c66732e6769746875622e636f6d|git lfs pull",
                "00|no file of tensors",
                "2020|no file of tensors",
                "47475546|no file of tensors",
                "504b0304|truncated",
                "7b|not an index"
            })
    void tellsWhatElseAFileIs(String hex, String reason) throws IOException {
        assertNotOpened(Files.write(folder.resolve("f"), HexFormat.of().parseHex(hex)), reason);
    }

    @Test
    void goesByNameWhereContentDoesNotTell() throws IOException {
        var path = Files.write(folder.resolve("f.safetensors"), new byte[] {1, 2, 3});
        assertNotOpened(path, "too few for a safetensors file");
    }

    @Test
    void refusesWhatCannotBeRead() throws IOException {
        assertNotOpened(folder, "directory");
        assertNotOpened(folder.resolve("missing"), "no such file");
        assertNotOpened(Files.createFile(folder.resolve("empty")), "empty");
    }

    private void assertNotOpened(Path path, String... words) throws IOException {
        assertRefused(path, () -> WeightFiles.open(path), words);
        assertEquals(0, TestFiles.uses(folder.toString()));
    }
}
