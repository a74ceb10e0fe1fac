package io.github.aoti4j.weights.zip;

import static io.github.aoti4j.testing.TestZip.likePyTorch;

import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.Refusals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;

class ZipRefusalTest {
    private static final Path PATH = Path.of("bad.zip");

    @Test
    void refusesWhatIsNotAZip() {
        assertRefused(
                "This is a text, and a rather long one.".getBytes(StandardCharsets.UTF_8),
                "not a zip");
        assertRefused(new byte[] {1}, "not a zip");
    }

    @Test
    void refusesATruncatedZip() {
        byte[] zip = likePyTorch().add("a", "payload").build();
        assertRefused(Arrays.copyOf(zip, zip.length - 1), "truncated", "copy or download");
        assertRefused(Arrays.copyOf(zip, 60), "truncated");
    }

    @Test
    void refusesADirectoryOutOfBounds() {
        assertRefused(end(end -> end.offset += 1), "does not fit");
        assertRefused(end(end -> end.size = 0xFFFFFFFFL), "does not fit");
        assertRefused(zip64End(end -> end.zip64Offset = -1), "does not fit");
        assertRefused(zip64End(end -> end.zip64Size = Long.MAX_VALUE), "does not fit");
    }

    @Test
    void refusesALostZip64Record() {
        assertRefused(zip64End(end -> end.zip64At -= 1), "zip64");
        assertRefused(zip64End(end -> end.zip64At = Long.MAX_VALUE), "zip64");
        assertRefused(zip64End(end -> end.zip64At = -1), "zip64");
    }

    @Test
    void refusesEndRecordsThatDisagree() {
        var zip = likePyTorch().add("a", "payload").end(end -> end.zip64Size -= 1);
        assertRefused(zip.build(), "disagree");
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 1000, 0xFFFFFFFFL, Long.MAX_VALUE, -1})
    void refusesMoreEntriesThanThereAre(long count) {
        assertRefused(zip64End(end -> end.zip64Count = count), "entr");
    }

    @Test
    void refusesFewerEntriesThanThereAre() {
        var zip =
                new TestZip()
                        .add("a", "payload")
                        .add("b", "payload")
                        .end(
                                end -> {
                                    end.count = 1;
                                    end.countOnDisk = 1;
                                });
        assertRefused(zip.build(), "goes on", "1 entries");
    }

    @Test
    void refusesASplitZip() {
        assertRefused(end(end -> end.disk = 1), "split", "join");
        assertRefused(end(end -> end.countOnDisk = 7), "split");
        assertRefused(entry(e -> e.disk = 1), "\"a\"", "split");
    }

    @Test
    void refusesACompressedEntryAndTellsHowToRepack() {
        assertRefused(entry(e -> e.method = 8), "\"a\"", "compressed", "method 8", "zip -0");
        assertRefused(entry(e -> e.localMethod = 8), "\"a\"", "compressed");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1 << 6, 1 << 13})
    void refusesAnEncryptedEntry(int flag) {
        assertRefused(entry(e -> e.flags |= flag), "\"a\"", "encrypted", "password");
        assertRefused(entry(e -> e.localFlags |= flag), "\"a\"", "encrypted");
    }

    @Test
    void refusesDuplicateNames() {
        var zip = new TestZip().add("same", "1").add("other", "2").add("same", "3");
        assertRefused(zip.build(), "\"same\"", "twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../a", "a/../b", "a/..", "..", "./a", "a/./b", "/a", "a//b", "//", "/", "a\\b",
                "..\\a", "a\0b", "a\nb", ""
            })
    void refusesDangerousNames(String name) {
        assertRefused(entry(e -> e.name(name)), "name", "refused");
    }

    @Test
    void escapesControlCharactersInMessages() {
        assertRefused(entry(e -> e.name("a\u001b[2Jb")), "\"a\\u001b[2Jb\"");
    }

    @Test
    void refusesNamesThatAreNotUtf8() {
        assertRefused(
                entry(
                        e -> {
                            e.name = new byte[] {'a', (byte) 0xFF};
                            e.localName = e.name;
                        }),
                "UTF-8");
    }

    @Test
    void refusesAFolderWithAPayload() {
        assertRefused(entry(e -> e.name("a/")), "\"a/\"", "folder");
    }

    @Test
    void refusesAPayloadBeyondTheDirectory() {
        assertRefused(
                entry(
                        e -> {
                            e.size += 100;
                            e.storedSize += 100;
                        }),
                "\"a\"",
                "more than there are");
        assertRefused(
                entry(
                        e -> {
                            e.zip64 = true;
                            e.size = -1;
                            e.storedSize = -1;
                        }),
                "\"a\"",
                "18446744073709551615",
                "more than there are");
    }

    @Test
    void refusesALocalHeaderThatIsNotThere() {
        assertRefused(entry(e -> e.offset = 1L), "\"a\"", "header");
        assertRefused(entry(e -> e.offset = 0xFFFFFFF0L), "\"a\"", "header");
        assertRefused(
                entry(
                        e -> {
                            e.zip64 = true;
                            e.offset = Long.MIN_VALUE;
                        }),
                "\"a\"",
                "header");
    }

    @Test
    void refusesALocalHeaderWithAnotherName() {
        assertRefused(
                entry(e -> e.localName = "b".getBytes(StandardCharsets.UTF_8)),
                "\"a\"",
                "another name");
    }

    @Test
    void refusesTwoEntriesInOnePlace() {
        var zip = new TestZip().add("a", "payload").add("b", "payload", e -> e.offset = 0L);
        assertRefused(zip.build(), "\"b\"", "another name");
    }

    @Test
    void refusesOverlappingEntries() {
        var inner = TestZip.entry("b", "x".getBytes(StandardCharsets.UTF_8));
        byte[] hidden = TestZip.local(inner);
        byte[] payload = Arrays.copyOf(hidden, hidden.length + 1);
        payload[hidden.length] = 'x';
        long hiddenAt = TestZip.local(TestZip.entry("a", payload)).length;
        var zip = new TestZip().add("a", payload, e -> {}).add("b", "x", e -> e.offset = hiddenAt);
        assertRefused(zip.build(), "\"b\"", "overlaps", "\"a\"");
    }

    @Test
    void refusesSizesThatDisagree() {
        assertRefused(entry(e -> e.storedSize = 3), "\"a\"", "two sizes");
        assertRefused(entry(e -> e.localSize = 3), "\"a\"", "another size");
        assertRefused(
                entry(
                        e -> {
                            e.size = 3;
                            e.storedSize = 3;
                        }),
                "\"a\"",
                "another size");
    }

    @Test
    void refusesChecksumsThatDisagree() {
        assertRefused(entry(e -> e.localCrc ^= 1), "\"a\"", "CRC-32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHORT", "LONG", "UNSIGNED_SHORT"})
    void refusesADescriptorThatDisagrees(TestZip.Descriptor form) {
        assertRefused(
                entry(
                        e -> {
                            e.described(form);
                            e.descriptorSize = 3;
                        }),
                "\"a\"",
                "another size");
    }

    @Test
    void refusesAMissingDescriptor() {
        assertRefused(entry(e -> e.described(TestZip.Descriptor.NONE)), "\"a\"", "another size");
    }

    @Test
    void refusesAMissingZip64Field() {
        assertRefused(
                entry(
                        e -> {
                            e.size = 0xFFFFFFFFL;
                            e.storedSize = 0xFFFFFFFFL;
                            e.centralExtra = TestZip.zip64Extra(7);
                        }),
                "\"a\"",
                "64-bit");
        assertRefused(
                entry(
                        e -> {
                            e.size = 0xFFFFFFFFL;
                            e.centralExtra = new byte[] {1, 0, 60, 0, 1, 2};
                        }),
                "\"a\"",
                "64-bit");
    }

    @Test
    void refusesAWrongChecksumOnDemand() {
        byte[] zip =
                new TestZip()
                        .add(
                                "a",
                                "payload",
                                e -> {
                                    e.crc ^= 1;
                                    e.localCrc ^= 1;
                                })
                        .build();
        var index = ZipIndex.read(MemorySegment.ofArray(zip), PATH, "");
        Refusals.assertRefused(
                PATH, () -> index.checkCrc(index.entries().getFirst()), "\"a\"", "CRC-32");
    }

    @Test
    void namesTheOuterEntryOfANestedZip() {
        var zip = MemorySegment.ofArray(entry(e -> e.method = 8));
        Refusals.assertRefused(
                PATH,
                () -> ZipIndex.read(zip, PATH, "entry \"weight_0\""),
                "entry \"weight_0\": entry \"a\"");
    }

    private static byte[] entry(Consumer<TestZip.Entry> lie) {
        return new TestZip().add("a", "payload", lie).build();
    }

    private static byte[] end(Consumer<TestZip.End> lie) {
        return new TestZip().add("a", "payload").end(lie).build();
    }

    /** Only the zip64 record lies; the classic one defers to it. */
    private static byte[] zip64End(Consumer<TestZip.End> lie) {
        return likePyTorch()
                .add("a", "payload")
                .end(
                        end -> {
                            end.count = 0xFFFF;
                            end.countOnDisk = 0xFFFF;
                            end.size = 0xFFFFFFFFL;
                            end.offset = 0xFFFFFFFFL;
                        })
                .end(lie)
                .build();
    }

    private static void assertRefused(byte[] zip, String... words) {
        Refusals.assertRefused(
                PATH, () -> ZipIndex.read(MemorySegment.ofArray(zip), PATH, ""), words);
    }
}
