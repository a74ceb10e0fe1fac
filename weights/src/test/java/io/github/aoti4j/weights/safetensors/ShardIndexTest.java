package io.github.aoti4j.weights.safetensors;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.weights.files.WeightFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ShardIndexTest {
    @TempDir Path folder;

    @Test
    void leavesAloneWhatTheIndexDoesNotName() throws IOException {
        TestFiles.safetensors(folder.resolve("one.safetensors"), "a", "b.c");
        try (var source = WeightFiles.open(index("{\"a\": \"one.safetensors\"}"))) {
            assertEquals(List.of("a"), source.names());
            assertTrue(source.find("b.c").isEmpty());
        }
    }

    @Test
    void opensShardsInFoldersBelowAndThroughLinks() throws IOException {
        // A cache of downloads keeps files elsewhere and links to them.
        var elsewhere = Files.createDirectory(folder.resolve("blobs"));
        var target = TestFiles.safetensors(elsewhere.resolve("0123"), "a");
        var models = Files.createDirectories(folder.resolve("models/part"));
        Files.createSymbolicLink(models.resolve("one.safetensors"), target);
        var index =
                TestFiles.index(
                        folder.resolve("models"),
                        "{\"weight_map\": {\"a\": \"part/one.safetensors\"}}");
        try (var source = WeightFiles.open(index)) {
            assertEquals("a", source.find("a").orElseThrow().name());
        }
    }

    @Test
    void readsAnIndexOfNothing() throws IOException {
        try (var source = WeightFiles.open(index("{}"))) {
            assertEquals(List.of(), source.names());
        }
    }

    @Test
    void refusesAMissingShard() throws IOException {
        TestFiles.safetensors(folder.resolve("one.safetensors"), "a");
        var index = index("{\"a\": \"one.safetensors\", \"b.c\": \"two.safetensors\"}");
        assertRefused(
                folder.resolve("two.safetensors"),
                () -> WeightFiles.open(index),
                "missing",
                index.toString());
        assertNothingInUse();
    }

    @Test
    void refusesADamagedShard() throws IOException {
        TestFiles.safetensors(folder.resolve("one.safetensors"), "a");
        var two = Files.write(folder.resolve("two.safetensors"), new byte[] {1, 2, 3});
        var index = index("{\"a\": \"one.safetensors\", \"b.c\": \"two.safetensors\"}");
        assertRefused(two, () -> WeightFiles.open(index), "3 bytes", "too few");
        assertNothingInUse();
    }

    @Test
    void refusesATensorThatIsNotInItsShard() throws IOException {
        TestFiles.safetensors(folder.resolve("one.safetensors"), "a");
        assertNotOpened(
                index("{\"a\": \"one.safetensors\", \"b.c\": \"one.safetensors\"}"),
                "tensor \"b.c\"",
                "\"one.safetensors\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../one.safetensors",
                "..",
                ".",
                "",
                "a/../one.safetensors",
                "a/../../one.safetensors",
                "./one.safetensors",
                "/etc/passwd",
                "one\\u0000.safetensors"
            })
    void refusesAShardOutsideItsFolder(String name) throws IOException {
        TestFiles.safetensors(folder.resolve("one.safetensors"), "a");
        assertNotOpened(index("{\"a\": \"" + name + "\"}"), "shard");
    }

    @Test
    void refusesASecondSpellingOfAShard() throws IOException {
        TestFiles.safetensors(Files.createDirectory(folder.resolve("s")).resolve("one"), "a");
        assertNotOpened(index("{\"a\": \"s//one\"}"), "\"s//one\"", "such names are refused");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{|not valid JSON",
                "{}|no \"weight_map\"",
                "{\"weight_map\": 1}|not a JSON object",
                "{\"weight_map\": {\"a\": 1}}|\"a\" is not a string",
                "{\"weight_map\": {\"a\": \"x\", \"a\": \"x\"}}|not valid JSON",
                "{\"weight_map\": {}, \"weight_map\": {}}|not valid JSON",
                "{\"weight_map\": {}} {}|more after"
            })
    void refusesAnIndexThatIsNone(String json, String reason) throws IOException {
        assertNotOpened(TestFiles.index(folder, json), "not an index", reason);
    }

    private Path index(String weightMap) throws IOException {
        return TestFiles.index(folder, "{\"weight_map\": " + weightMap + "}");
    }

    private void assertNotOpened(Path index, String... words) throws IOException {
        assertRefused(index, () -> WeightFiles.open(index), words);
        assertNothingInUse();
    }

    private void assertNothingInUse() throws IOException {
        assertEquals(0, TestFiles.uses(folder.toString()));
    }
}
