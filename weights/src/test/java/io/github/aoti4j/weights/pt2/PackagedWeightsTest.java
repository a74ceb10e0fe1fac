package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.TensorSource;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

class PackagedWeightsTest {
    @TempDir Path folder;

    @Test
    void mapsSeveralViewsOfOneFile() throws IOException {
        var path =
                write(
                        TestFiles.packageWithWeights(
                                "{\"row\": [\"weight_0\", [3], [1], 3],"
                                        + " \"column\": [\"weight_0\", [2], [3], 1]}"));
        try (var archive = Pt2Archive.open(path);
                var source = archive.model("m").openWeights(_ -> false)) {
            var row = source.find("row").orElseThrow();
            var column = source.find("column").orElseThrow();
            assertEquals(row.segment().address() - 2 * 4, column.segment().address());
            assertEquals(12, row.segment().byteSize());
            assertEquals(16, column.segment().byteSize());
        }
    }

    @Test
    void sharesThePackagesMappingUnlessSomebodyMayWrite() throws IOException {
        var path = write(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        TensorSource one;
        TensorSource other;
        try (var archive = Pt2Archive.open(path)) {
            one = archive.model("m").openWeights("a"::equals);
            other = archive.model("m").openWeights("a"::equals);
        }
        try (other) {
            assertEquals(segment(one, "a").address(), segment(other, "a").address());
            assertEquals(3, mappings(path));
            segment(one, "b.c").set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
            assertEquals(7, segment(other, "b.c").get(ValueLayout.JAVA_BYTE, 0));
            one.close();
            assertEquals(2, mappings(path));
            assertEquals(0, segment(other, "a").get(ValueLayout.JAVA_BYTE, 0));
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Test
    void sharesNothingThatHasMemoryInCommonWithWhatMayBeWrittenTo() throws IOException {
        var path =
                write(
                        TestFiles.packageWithWeights(
                                "{\"row\": [\"weight_0\", [3], [1], 3],"
                                        + " \"column\": [\"weight_0\", [2], [3], 1],"
                                        + " \"other\": [\"weight_1\", [3], [1], 0]}"));
        try (var archive = Pt2Archive.open(path);
                var one = archive.model("m").openWeights(name -> !name.equals("row"));
                var other = archive.model("m").openWeights(_ -> true)) {
            // The second of the column is the second of the row.
            segment(one, "row").set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4, 99);
            assertEquals(99, segment(one, "column").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 12));
            assertEquals(4, segment(other, "column").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 12));
            assertEquals(segment(one, "other").address(), segment(other, "other").address());
        }
    }

    private static MemorySegment segment(TensorSource source, String name) {
        return source.find(name).orElseThrow().segment();
    }

    private static long mappings(Path path) throws IOException {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.endsWith(path.toString())).count();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]|not a JSON object",
                "{|not valid JSON",
                "{\"w\": 1}|\"w\" is not described",
                "{\"w\": []}|\"w\" is not described",
                "{\"w\": [1, [], [], 0]}|\"w\" is not described",
                "{\"w\": [\"weight_0\"]}|\"w\" has a shape",
                "{\"w\": [\"weight_0\", 1, [], 0]}|\"w\" has a shape",
                "{\"w\": [\"weight_0\", [-1], [1], 0]}|negative number -1",
                "{\"w\": [\"weight_0\", [1], [1.5], 0]}|whole numbers",
                "{\"w\": [\"weight_0\", [1], [1], \"0\"]}|a storage offset",
                "{\"w\": [\"weight_0\", [1], [1], -1]}|negative number -1",
                "{\"w\": [\"weight_0\", [1], [1], 99999999999999999999]}|64 bits",
                "{\"w\": [\"weight_0\", [1], [1], 0, 0]}|more than",
                "{\"w\": [\"weight_0\", [], [], 0], \"w\": [\"weight_0\", [], [], 0]}|not valid",
                "{} {}|more after"
            })
    void refusesAConfigurationThatIsNone(String json, String reason) throws IOException {
        assertRefusedWith(
                TestFiles.packageWithWeights(json), "weights_config.json", reason, "again");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[7], [1], 0",
                "[6], [1], 1",
                "[2, 3], [4, 1], 0",
                "[1, 1], [1], 0",
                "[2], [9223372036854775807], 0"
            })
    void refusesAViewBeyondItsStorage(String view) throws IOException {
        assertRefusedWith(
                TestFiles.packageWithWeights("{\"w\": [\"weight_0\", " + view + "]}"),
                "\"p/data/weights/weight_0\"",
                "tensor \"w\"",
                "does not fit");
    }

    @Test
    void refusesAMissingFile() throws IOException {
        assertRefusedWith(
                TestFiles.packageWithWeights("{\"w\": [\"weight_9\", [1], [1], 0]}"),
                "\"w\"",
                "\"data/weights/weight_9\"",
                "does not have");
    }

    @Test
    void refusesAFileThatIsNotOneTensor() throws IOException {
        assertRefusedWith(
                withFile(TestFiles.torchSave(TestPickle.dict(d -> {}), Map.of())),
                "\"p/data/weights/weight_9\"",
                "one tensor");
    }

    @Test
    void refusesAFileThatIsNotOfTorchSave() throws IOException {
        assertRefusedWith(withFile(new byte[100]), "\"p/data/weights/weight_9\"", "not a zip");
        assertRefusedWith(
                withFile(TestZip.likePyTorch().add("x", "").build()),
                "\"p/data/weights/weight_9\"",
                "data.pkl");
    }

    @Test
    void refusesAForeignGlobalInAFile() throws IOException {
        byte[] pickle = TestPickle.protocol2().global("os", "system").stop();
        assertRefusedWith(
                withFile(TestFiles.torchSave(pickle, Map.of())),
                "\"p/data/weights/weight_9\"",
                "\"os.system\"");
    }

    @Test
    void refusesAPackageWithoutWeights() throws IOException {
        assertRefusedWith(TestFiles.packageWithBlob(), "\"m\"", "no weights_config.json");
    }

    @Test
    void refusesAClosedPackage() throws IOException {
        var path = write(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        var archive = Pt2Archive.open(path);
        var model = archive.model("m");
        archive.close();
        assertThrows(IllegalStateException.class, () -> model.openWeights(_ -> false));
    }

    private static TestZip withFile(byte[] file) {
        return TestFiles.packageWithWeights("{\"w\": [\"weight_9\", [1], [1], 0]}")
                .add("p/data/weights/weight_9", file, e -> {});
    }

    private Path write(TestZip zip) throws IOException {
        return Files.write(folder.resolve("p.pt2"), zip.build());
    }

    private void assertRefusedWith(TestZip zip, String... words) throws IOException {
        var path = write(zip);
        try (var archive = Pt2Archive.open(path)) {
            long before = TestFiles.uses(folder.toString());
            assertRefused(path, () -> archive.model("m").openWeights(_ -> false), words);
            assertEquals(before, TestFiles.uses(folder.toString()));
        }
    }
}
