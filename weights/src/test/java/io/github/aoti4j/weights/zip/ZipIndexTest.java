package io.github.aoti4j.weights.zip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedFileTest;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

class ZipIndexTest {
    private static final Path PATH = Path.of("some.zip");

    @TempDir Path folder;

    @Test
    void listsEntriesInOrderWithTheirBytes() {
        var index = read(new TestZip().add("b", "second").add("a/", "").add("a/x", "").build());
        assertEquals(
                List.of("b", "a/", "a/x"),
                index.entries().stream().map(ArchiveEntry::name).toList());
        assertEquals("second", text(index, "b"));
        assertEquals("", text(index, "a/x"));
        assertTrue(index.find("a/").orElseThrow().isDirectory());
        assertFalse(index.find("a").isPresent());
        index.entries().forEach(index::checkCrc);
    }

    @Test
    void readsWhatTheJdkWrites() throws IOException {
        var out = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(out)) {
            for (String name : List.of("root/one", "root/two", "root/ünï")) {
                byte[] payload = name.getBytes(StandardCharsets.UTF_8);
                var entry = new ZipEntry(name);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(payload.length);
                entry.setCrc(TestZip.crc(payload));
                zip.putNextEntry(entry);
                zip.write(payload);
            }
        }
        var index = read(out.toByteArray());
        assertEquals(3, index.entries().size());
        for (var entry : index.entries()) {
            assertEquals(entry.name(), text(index, entry.name()));
            index.checkCrc(entry);
        }
    }

    @Test
    void readsAZipWithoutEntries() {
        assertEquals(List.of(), read(new TestZip().build()).entries());
    }

    @Test
    void readsAZip64End() {
        var index = read(TestZip.likePyTorch().add("a", "payload").build());
        assertEquals("payload", text(index, "a"));
    }

    @Test
    void readsAZip64EndWhoseClassicFieldsSaySo() {
        var zip =
                TestZip.likePyTorch()
                        .add("a", "payload")
                        .end(
                                end -> {
                                    end.disk = 0;
                                    end.count = 0xFFFF;
                                    end.countOnDisk = 0xFFFF;
                                    end.size = 0xFFFFFFFFL;
                                    end.offset = 0xFFFFFFFFL;
                                });
        assertEquals("payload", text(read(zip.build()), "a"));
    }

    @Test
    void readsZip64SizesOfAnEntry() {
        var zip = new TestZip().add("a", "payload", e -> e.zip64 = true).add("b", "more");
        var index = read(zip.build());
        assertEquals("payload", text(index, "a"));
        assertEquals("more", text(index, "b"));
    }

    @ParameterizedTest
    @EnumSource(TestZip.Descriptor.class)
    void acceptsEveryFormOfDescriptor(TestZip.Descriptor form) {
        var zip =
                new TestZip()
                        .add(
                                "a",
                                "payload",
                                e -> {
                                    if (form != TestZip.Descriptor.NONE) {
                                        e.described(form);
                                    }
                                });
        assertEquals("payload", text(read(zip.build()), "a"));
    }

    @Test
    void findsTheEndBeforeACommentAndForeignBytes() {
        var zip = new TestZip().add("a", "payload").end(end -> end.comment = "PK\5\6 and a tale");
        byte[] commented = zip.build();
        assertEquals("payload", text(read(commented), "a"));
        byte[] followed = Arrays.copyOf(commented, commented.length + 1000);
        assertEquals("payload", text(read(followed), "a"));
    }

    @Test
    void findsTheEndBeforeBytesThatLookLikeOne() {
        byte[] zip = new TestZip().add("a", "payload").build();
        byte[] empty = new TestZip().build();
        byte[] both = Arrays.copyOf(zip, zip.length + empty.length + 5);
        System.arraycopy(empty, 0, both, zip.length, empty.length);
        assertEquals("payload", text(read(both), "a"));
    }

    @Test
    void readsAZipInsideAZip() {
        byte[] inner = TestZip.likePyTorch().add("archive/data/0", "weights").build();
        byte[] outer = TestZip.likePyTorch().add("weight_0", inner, e -> {}).build();
        var index = read(outer);
        var nested = index.segment(index.find("weight_0").orElseThrow());
        var within = ZipIndex.read(nested, PATH, "entry \"weight_0\"");
        assertEquals("weights", text(within, "archive/data/0"));
    }

    @Test
    void readsEntriesBeyondFourGibibytes() throws IOException {
        var path = folder.resolve("large.zip");
        long size = (4L << 30) + 5;
        var large = TestZip.entry("large", new byte[0]);
        large.described(TestZip.Descriptor.LONG);
        large.zip64 = true;
        large.size = size;
        large.storedSize = size;
        large.descriptorSize = size;
        var small = TestZip.entry("small", "after".getBytes(StandardCharsets.UTF_8));
        small.zip64 = true;

        byte[] header = TestZip.local(large);
        MappedFileTest.writeAt(path, 0, header);
        var tail = new ByteArrayOutputStream();
        long tailAt = header.length + size;
        tail.writeBytes(TestZip.descriptor(large));
        long smallAt = tailAt + tail.size();
        tail.writeBytes(TestZip.local(small));
        tail.writeBytes(small.payload);
        long directoryAt = tailAt + tail.size();
        int before = tail.size();
        tail.writeBytes(TestZip.central(large, 0));
        tail.writeBytes(TestZip.central(small, smallAt));
        int directorySize = tail.size() - before;
        var end =
                new TestZip()
                        .end(
                                e -> {
                                    e.zip64 = true;
                                    e.offset = 0xFFFFFFFFL;
                                });
        tail.writeBytes(end.end(2, directorySize, directoryAt));
        MappedFileTest.writeAt(path, tailAt, tail.toByteArray());

        try (var file = MappedFile.open(path)) {
            var index = ZipIndex.read(file.segment(), path, "");
            assertEquals(size, index.segment(index.find("large").orElseThrow()).byteSize());
            assertEquals("after", text(index, "small"));
            assertTrue(index.find("small").orElseThrow().offset() > size);
        }
    }

    @Test
    @Tag("slow")
    void checksumsMoreThanTwoGibibytes() throws IOException {
        var path = folder.resolve("large.zip");
        long size = (2L << 30) + 3;
        byte[] last = {1, 2, 3};
        var large = TestZip.entry("large", new byte[0]);
        large.size = size;
        large.storedSize = size;
        large.localSize = size;
        large.crc = crcOfZerosThen(size - last.length, last);
        large.localCrc = large.crc;
        byte[] header = TestZip.local(large);
        MappedFileTest.writeAt(path, 0, header);
        var tail = new ByteArrayOutputStream();
        tail.writeBytes(last);
        byte[] central = TestZip.central(large, 0);
        tail.writeBytes(central);
        tail.writeBytes(new TestZip().end(1, central.length, header.length + size));
        MappedFileTest.writeAt(path, header.length + size - last.length, tail.toByteArray());

        try (var file = MappedFile.open(path)) {
            var index = ZipIndex.read(file.segment(), path, "");
            index.checkCrc(index.find("large").orElseThrow());
        }
    }

    private static long crcOfZerosThen(long zeros, byte[] last) {
        var crc = new CRC32();
        byte[] chunk = new byte[1 << 20];
        for (long left = zeros; left > 0; left -= chunk.length) {
            crc.update(chunk, 0, (int) Math.min(chunk.length, left));
        }
        crc.update(last);
        return crc.getValue();
    }

    private static ZipIndex read(byte[] zip) {
        return ZipIndex.read(MemorySegment.ofArray(zip), PATH, "");
    }

    private static String text(ZipIndex index, String name) {
        byte[] bytes = index.segment(index.find(name).orElseThrow()).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
