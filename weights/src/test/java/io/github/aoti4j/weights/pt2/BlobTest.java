package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.TestTensors;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.mapped.MappedFileTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class BlobTest {
    private static final long[] NONE = {};
    private static final long[] ONE = {1};

    @TempDir Path folder;

    @Test
    void mapsConstantsThatAreViewsOfTheirBytes() throws IOException {
        var path = Files.write(folder.resolve("w.blob"), TestFiles.floats(32));
        var layout =
                List.of(
                        tensor("t", new long[] {3, 2}, new long[] {1, 4}, 1, 64),
                        tensor("none", new long[] {0, 5}, new long[] {5, 1}, 0, 0),
                        tensor("last", NONE, NONE, 15, 64));
        try (var source = WeightFiles.openBlob(path, layout)) {
            var t = source.find("t").orElseThrow();
            assertArrayEquals(new long[] {1, 4}, t.strides());
            assertEquals((2 + 4 + 1) * 4, t.segment().byteSize());
            assertEquals(1, t.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
            assertEquals(0, source.find("none").orElseThrow().segment().byteSize());
            var last = source.find("last").orElseThrow().segment();
            assertEquals(31, last.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
        }
    }

    @Test
    void mapsABlobWithoutPadding() throws IOException {
        var path = Files.write(folder.resolve("w.blob"), TestFiles.floats(3));
        var layout =
                List.of(
                        tensor("a", new long[] {2}, ONE, 0, 8),
                        tensor("b", new long[] {1}, ONE, 0, 4));
        try (var source = WeightFiles.openBlob(path, layout)) {
            var b = source.find("b").orElseThrow();
            assertEquals(2, b.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
            assertEquals("w.blob, offset 8", b.location());
        }
    }

    @Test
    void mapsAConstantLargerThanTwoGibibytes() throws IOException {
        long size = (3L << 30) + 64;
        var path = folder.resolve("large.blob");
        MappedFileTest.writeAt(path, size - 1, new byte[] {64});
        long count = (size - 64) / 4;
        var layout =
                List.of(
                        tensor("large", new long[] {count}, ONE, 0, size - 64),
                        tensor("end", new long[] {16}, ONE, 0, 64));
        try (var source = WeightFiles.openBlob(path, layout)) {
            assertEquals(3L << 30, source.find("large").orElseThrow().segment().byteSize());
            assertEquals(
                    2f,
                    source.find("end")
                            .orElseThrow()
                            .segment()
                            .get(ValueLayout.JAVA_FLOAT_UNALIGNED, 60));
        }
    }

    @Test
    void refusesABlobOfAnotherSize() throws IOException {
        var layout = TestTensors.blobLayout();
        assertNotOpened(new byte[127], layout, "\"b.c\"", "takes 64 bytes from 64 on", "only 127");
        assertNotOpened(new byte[129], layout, "has 129 bytes", "take 128");
        assertNotOpened(new byte[63], layout, "\"a\"");
        assertNotOpened(new byte[128], List.of(), "take 0");
    }

    @Test
    void refusesConstantsThatDoNotFitIntoTheirBytes() throws IOException {
        var none = new long[] {-1};
        var two = new long[] {2};
        for (var bad :
                List.of(
                        tensor("w", new long[] {17}, ONE, 0, 64),
                        tensor("w", new long[] {16}, ONE, 1, 64),
                        tensor("w", two, new long[] {16}, 0, 64),
                        tensor("w", two, NONE, 0, 64),
                        tensor("w", none, ONE, 0, 64),
                        tensor("w", two, none, 0, 64),
                        tensor("w", two, ONE, -1, 64),
                        tensor("w", new long[65], new long[65], 0, 64),
                        tensor("w", two, new long[] {Long.MAX_VALUE}, 0, 64),
                        tensor("w", ONE, ONE, Long.MAX_VALUE, 64))) {
            assertNotOpened(new byte[64], List.of(bad), "\"w\"", "fit into its 64 bytes");
        }
        var negative = tensor("w", ONE, ONE, 0, -64);
        assertNotOpened(new byte[64], List.of(negative), "\"w\"", "takes -64 bytes");
        var huge = tensor("w", ONE, ONE, 0, Long.MAX_VALUE);
        assertNotOpened(new byte[64], List.of(huge), "\"w\"", "only 64");
    }

    @Test
    void refusesTwoConstantsOfOneName() throws IOException {
        var twice = tensor("w", ONE, ONE, 0, 64);
        assertNotOpened(new byte[128], List.of(twice, twice), "\"w\"", "twice");
    }

    @Test
    void refusesAPackageWithoutABlob() throws IOException {
        var zip = TestZip.likePyTorch().add("p/data/aotinductor/m/w.wrapper.so", "library");
        var path = Files.write(folder.resolve("p.pt2"), zip.build());
        try (var archive = Pt2Archive.open(path)) {
            var model = archive.model("m");
            assertRefused(
                    path, () -> model.openBlob(List.of(), _ -> false), "\"m\"", "no weights blob");
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Test
    void leavesThePackageOpenWhenItRefuses() throws IOException {
        var path = Files.write(folder.resolve("p.pt2"), TestFiles.packageWithBlob().build());
        try (var archive = Pt2Archive.open(path)) {
            long before = TestFiles.uses(folder.toString());
            var model = archive.model("m");
            assertRefused(
                    path,
                    () -> model.openBlob(List.of(), _ -> false),
                    "\"p/data/aotinductor/m/w.wrapper_weights.blob\"",
                    "128 bytes");
            assertEquals(before, TestFiles.uses(folder.toString()));
            model.openBlob(TestTensors.blobLayout(), _ -> false).close();
        }
    }

    @Test
    void comparesLayoutsByContent() {
        var tensor = tensor("w", new long[] {1}, new long[] {1}, 0, 64);
        assertEquals(tensor, tensor("w", new long[] {1}, new long[] {1}, 0, 64));
        assertEquals(
                tensor.hashCode(), tensor("w", new long[] {1}, new long[] {1}, 0, 64).hashCode());
        assertNotEquals(tensor, tensor("w", new long[] {2}, new long[] {1}, 0, 64));
        assertNotEquals(tensor, tensor("w", new long[] {1}, new long[] {2}, 0, 64));
        tensor.shape()[0] = 5;
        assertArrayEquals(new long[] {1}, tensor.shape());
    }

    private static BlobTensor tensor(
            String name, long[] shape, long[] strides, long offset, long bytes) {
        return new BlobTensor(name, DType.FLOAT32, shape, strides, offset, bytes);
    }

    private void assertNotOpened(byte[] blob, List<BlobTensor> layout, String... words)
            throws IOException {
        var path = Files.write(folder.resolve("w.blob"), blob);
        assertRefused(path, () -> WeightFiles.openBlob(path, layout), words);
        assertEquals(0, TestFiles.uses(folder.toString()));
    }
}
