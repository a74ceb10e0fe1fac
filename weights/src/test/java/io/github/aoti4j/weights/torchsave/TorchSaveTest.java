package io.github.aoti4j.weights.torchsave;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.files.WeightFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;

class TorchSaveTest {
    private static final long[] ONE = {1};
    private static final long[] ONE_TWO = {1, 2};

    @TempDir Path folder;

    @Test
    void mapsViewsOfASharedStorage() throws IOException {
        var path =
                save(
                        d ->
                                d.text("whole")
                                        .floats("0", 12, 0, new long[] {3, 4}, new long[] {4, 1})
                                        .text("turned")
                                        .floats("0", 12, 1, new long[] {3, 3}, new long[] {1, 4})
                                        .text("row")
                                        .floats("0", 12, 8, new long[] {4}, ONE)
                                        .text("one")
                                        .floats("0", 12, 11, new long[0], new long[0])
                                        .text("same")
                                        .floats("0", 12, 5, new long[] {7, 5}, new long[] {0, 0}),
                        Map.of("0", TestFiles.floats(12)));
        try (var source = WeightFiles.open(path)) {
            var whole = source.find("whole").orElseThrow().segment();
            var turned = source.find("turned").orElseThrow();
            assertArrayEquals(new long[] {3, 3}, turned.shape());
            assertArrayEquals(new long[] {1, 4}, turned.strides());
            assertEquals(whole.address() + 4, turned.segment().address());
            assertEquals((2 + 2 * 4 + 1) * 4, turned.segment().byteSize());
            var row = source.find("row").orElseThrow().segment();
            assertEquals(8, row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
            assertEquals(16, row.byteSize());
            var one = source.find("one").orElseThrow().segment();
            assertEquals(11, one.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
            assertEquals(4, one.byteSize());
            var same = source.find("same").orElseThrow().segment();
            assertEquals(5, same.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
            assertEquals(4, same.byteSize());
            turned.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 42);
            assertEquals(42, whole.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4));
        }
    }

    @Test
    void mapsTensorsWithoutElements() throws IOException {
        var path =
                save(
                        d ->
                                d.text("e")
                                        .floats("0", 0, 0, new long[] {0, 3}, new long[] {3, 1})
                                        .text("f")
                                        .floats("1", 2, 9, new long[] {2, 0}, ONE_TWO),
                        Map.of("0", new byte[0], "1", TestFiles.floats(2)));
        try (var source = WeightFiles.open(path)) {
            assertEquals(0, source.find("e").orElseThrow().segment().byteSize());
            assertArrayEquals(new long[] {0, 3}, source.find("e").orElseThrow().shape());
            assertEquals(0, source.find("f").orElseThrow().segment().byteSize());
        }
    }

    @Test
    void mapsDTypesThatStoragesDoNotName() throws IOException {
        var path =
                save(
                        d ->
                                d.text("f8")
                                        .v3("float8_e4m3fn", "0", 3, new long[] {3}, ONE)
                                        .text("u32")
                                        .v3("uint32", "1", 8, new long[] {2}, ONE),
                        Map.of("0", new byte[] {1, 2, 3}, "1", new byte[8]));
        try (var source = WeightFiles.open(path)) {
            assertEquals(DType.FLOAT8_E4M3FN, source.find("f8").orElseThrow().dtype());
            assertEquals(8, source.find("u32").orElseThrow().segment().byteSize());
        }
    }

    @Test
    void acceptsStoragesWithoutChecksums() throws IOException {
        var zip = TestZip.likePyTorch();
        zip.add(
                "a/data.pkl",
                TestPickle.dict(d -> d.text("w").floats("0", 1)),
                TorchSaveTest::withoutCrc);
        zip.add("a/data/0", TestFiles.floats(1), TorchSaveTest::withoutCrc);
        try (var source = WeightFiles.open(write(zip.build()))) {
            assertEquals(4, source.find("w").orElseThrow().segment().byteSize());
        }
    }

    private static void withoutCrc(TestZip.Entry entry) {
        entry.crc = 0xDEAD;
    }

    @Test
    void mapsATensorLargerThanTwoGibibytes() throws IOException {
        long count = (5L << 30) / 8;
        byte[] pickle =
                TestPickle.dict(
                        d ->
                                d.text("w")
                                        .v2(
                                                t ->
                                                        t.storage("DoubleStorage", "0", count)
                                                                .view(0, new long[] {count}, ONE)));
        var path = folder.resolve("large.pt");
        try (var channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            writeLarge(channel, pickle, count * 8);
        }
        try (var source = WeightFiles.open(path)) {
            var tensor = source.find("w").orElseThrow();
            assertEquals(count * 8, tensor.segment().byteSize());
            assertEquals(
                    2.0, tensor.segment().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, (count - 1) * 8));
        }
    }

    /** A zip whose second entry is a hole, which takes no space on the disk, and 2.0. */
    private static void writeLarge(FileChannel channel, byte[] pickle, long size)
            throws IOException {
        var small = TestZip.entry("a/data.pkl", pickle);
        var large = TestZip.entry("a/data/0", new byte[0]);
        large.size = size;
        large.storedSize = size;
        large.descriptorSize = size;
        large.zip64 = true;
        large.described(TestZip.Descriptor.LONG);
        channel.write(ByteBuffer.wrap(TestZip.local(small)));
        channel.write(ByteBuffer.wrap(pickle));
        long largeAt = channel.position();
        channel.write(ByteBuffer.wrap(TestZip.local(large)));
        long end = channel.position() + size;
        channel.write(ByteBuffer.wrap(new byte[] {64}), end - 1);
        channel.position(end);
        channel.write(ByteBuffer.wrap(TestZip.descriptor(large)));
        long directory = channel.position();
        channel.write(ByteBuffer.wrap(TestZip.central(small, 0)));
        channel.write(ByteBuffer.wrap(TestZip.central(large, largeAt)));
        long directorySize = channel.position() - directory;
        var zip =
                TestZip.likePyTorch()
                        .end(
                                e -> {
                                    e.size = 0xFFFFFFFFL;
                                    e.offset = 0xFFFFFFFFL;
                                });
        channel.write(ByteBuffer.wrap(zip.end(2, directorySize, directory)));
    }

    @Test
    void refusesAForeignGlobalByName() throws IOException {
        assertNotOpened(
                save(d -> d.text("w").global("os", "system").tuple(1).op('R'), Map.of()),
                "\"archive/data.pkl\"",
                "\"os.system\"",
                "nothing of it was run");
    }

    @Test
    void refusesAMissingStorage() throws IOException {
        assertNotOpened(
                save(d -> d.text("w").floats("1", 1), Map.of("0", TestFiles.floats(1))),
                "tensor \"w\"",
                "\"1\"",
                "does not have");
    }

    @Test
    void refusesAStorageThatIsTooShort() throws IOException {
        assertNotOpened(
                save(d -> d.text("w").floats("0", 6), Map.of("0", TestFiles.floats(5))),
                "tensor \"w\"",
                "24 bytes",
                "\"archive/data/0\"",
                "only 20");
    }

    @Test
    void refusesTensorsBeyondTheirStorage() throws IOException {
        long[][][] beyond = {
            {{0}, {7}, {1}},
            {{1}, {6}, {1}},
            {{0}, {2, 3}, {4, 1}},
            {{6}, {}, {}},
            {{0}, {2}, {Long.MAX_VALUE}},
            {{0}, {Long.MAX_VALUE}, {Long.MAX_VALUE}},
            {{Long.MAX_VALUE}, {1}, {1}},
            {{0}, {1L << 32, 1L << 32}, {1L << 32, 1}},
        };
        for (long[][] bad : beyond) {
            assertNotOpened(
                    save(
                            d -> d.text("w").floats("0", 6, bad[0][0], bad[1], bad[2]),
                            Map.of("0", TestFiles.floats(6))),
                    "tensor \"w\"",
                    "does not fit into its 24 bytes",
                    "shape " + Arrays.toString(bad[1]));
        }
    }

    @Test
    void refusesATensorThatIsYetToBeConjugated() throws IOException {
        assertNotOpened(
                save(
                        d ->
                                d.text("w")
                                        .v2(
                                                t ->
                                                        t.storage("ComplexFloatStorage", "0", 1)
                                                                .view(0, ONE, ONE)
                                                                .items(
                                                                        m ->
                                                                                m.text("conj")
                                                                                        .op(0x88))),
                        Map.of("0", new byte[8])),
                "tensor \"w\"",
                "resolve_conj");
    }

    @Test
    void refusesAnotherByteOrder() throws IOException {
        var zip =
                TestZip.likePyTorch()
                        .add("a/data.pkl", TestPickle.dict(d -> {}), e -> {})
                        .add("a/byteorder", "big");
        assertNotOpened(write(zip.build()), "byte order", "\"big\"");
    }

    @Test
    void tellsATorchScriptModel() throws IOException {
        var zip =
                TestZip.likePyTorch()
                        .add("m/data.pkl", "")
                        .add("m/code/__torch__/m.py", "def", e -> e.method = 8);
        assertNotOpened(write(zip.build()), "TorchScript", "torch.jit.load");
    }

    @Test
    void tellsOtherZips() throws IOException {
        assertNotOpened(write(TestZip.likePyTorch().add("x.npy", "").build()), "\"data.pkl\"");
        assertNotOpened(
                write(TestFiles.packageWithBlob().build()), "compiled models", "as a model");
        var two = TestZip.likePyTorch().add("a/data.pkl", "").add("b/data.pkl", "");
        assertNotOpened(write(two.build()), "several", "\"a/\"", "\"b/\"");
    }

    @Test
    void refusesACompressedStorage() throws IOException {
        var zip =
                TestZip.likePyTorch()
                        .add(
                                "a/data.pkl",
                                TestPickle.dict(d -> d.text("w").floats("0", 1)),
                                e -> {})
                        .add("a/data/0", "1234", e -> e.method = 8);
        assertNotOpened(write(zip.build()), "\"a/data/0\"", "compressed");
    }

    private Path save(Consumer<TestPickle> items, Map<String, byte[]> storages) throws IOException {
        return write(TestFiles.torchSave(TestPickle.dict(items), storages));
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("weights.pt"), bytes);
    }

    private void assertNotOpened(Path path, String... words) throws IOException {
        assertRefused(path, () -> WeightFiles.open(path), words);
        assertEquals(0, TestFiles.uses(path.toString()));
    }
}
