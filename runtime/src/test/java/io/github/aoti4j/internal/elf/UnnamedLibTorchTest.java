package io.github.aoti4j.internal.elf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/** A library that calls libtorch and does not name it; FixturesTest loads it. */
class UnnamedLibTorchTest {
    private static final String OTHER = "libaoti7.so";
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_NOTE = 4;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int UNKNOWN = 0x12345;
    private static final long DT_NULL = 0;
    private static final long DT_NEEDED = 1;
    private static final long DT_STRTAB = 5;
    private static final long DT_RELACOUNT = 0x6ffffff9L;
    private static final long DT_DEBUG = 21;

    private final byte[] library = WrapperFixtures.entry("unlinked", ".wrapper.so");

    private static ElfFile read(byte[] bytes) {
        return ElfFile.read(MemorySegment.ofArray(bytes), Path.of("m.pt2"), "m/x.wrapper.so");
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] loadable(byte[] bytes, String libtorch) {
        byte[] copy = bytes.clone();
        read(bytes).makeLoadable(copy, 0, libtorch);
        return copy;
    }

    /** The offset of the first program header of a type. */
    private static int segment(byte[] bytes, int type) {
        var b = buffer(bytes);
        for (int at = 64; at < 64 + 56 * b.getShort(56); at += 56) {
            if (b.getInt(at) == type) {
                return at;
            }
        }
        throw new AssertionError("no program header of type " + type);
    }

    /** The offset of the first entry of the dynamic section that has a tag, before its end. */
    private static int dynamic(byte[] bytes, long tag) {
        var b = buffer(bytes);
        int at = (int) b.getLong(segment(bytes, PT_DYNAMIC) + 8);
        while (b.getLong(at) != tag) {
            assertTrue(b.getLong(at) != DT_NULL, "no entry " + tag);
            at += 16;
        }
        return at;
    }

    /** What the dynamic loader takes for the last library that is needed. */
    private static String lastNeed(byte[] bytes) {
        int name = lastName(bytes);
        int end = name;
        while (bytes[end] != 0) {
            end++;
        }
        return new String(bytes, name, end - name, US_ASCII);
    }

    /** Where the name of the last library lies that is needed. */
    private static int lastName(byte[] bytes) {
        var b = buffer(bytes);
        long names = b.getLong(dynamic(bytes, DT_STRTAB) + 8);
        long index = -1;
        for (int at = dynamic(bytes, DT_NEEDED); b.getLong(at) != DT_NULL; at += 16) {
            index = b.getLong(at) == DT_NEEDED ? b.getLong(at + 8) : index;
        }
        // What is tested lies in the first segment, which begins at 0.
        return Math.toIntExact(names + index);
    }

    private static byte[] without(byte[] bytes, int... types) {
        byte[] copy = bytes.clone();
        for (int type : types) {
            buffer(copy).putInt(segment(copy, type), UNKNOWN);
        }
        return copy;
    }

    @Test
    void namesNoLibTorch() {
        assertFalse(read(library).needed().stream().anyMatch(name -> name.contains("torch")));
        assertTrue(read(library).undefinedSymbols().contains("aoti_torch_empty_strided"));
    }

    @Test
    void theCopyNeedsIt() {
        assertEquals("libtorch_cpu.so", lastNeed(loadable(library, null)));
        assertEquals(OTHER, lastNeed(loadable(library, OTHER)));
        assertTrue(read(library).canReplaceLibTorch(OTHER.length()));
        assertFalse(read(library).canReplaceLibTorch(4096));
    }

    @Test
    void partsOfACopyAreChangedAsTheWhole() {
        byte[] whole = loadable(library, null);
        for (int from = 0; from < library.length; from += 1000) {
            byte[] part = Arrays.copyOfRange(library, from, Math.min(from + 1000, library.length));
            read(library).makeLoadable(part, from);
            assertArrayEquals(Arrays.copyOfRange(whole, from, from + part.length), part);
        }
    }

    @Test
    void aNoteThatTakesTheMarkOfTheStackTakesNoName() {
        byte[] copy = loadable(without(library, PT_GNU_STACK), null);
        assertEquals(segment(library, PT_NOTE), segment(copy, PT_GNU_STACK));
        assertEquals("libtorch_cpu.so", lastNeed(copy));
    }

    @Test
    void theNameStandsBehindASegmentWhereThereIsNoNote() {
        byte[] noNote = without(library, PT_NOTE);
        byte[] copy = loadable(noNote, null);
        assertEquals("libtorch_cpu.so", lastNeed(copy));
        var b = buffer(noNote);
        int end = (int) b.getLong(segment(noNote, PT_LOAD) + 32);
        assertEquals(end, lastName(copy));

        byte[] full = noNote.clone();
        for (int at = 64; at < 64 + 56 * b.getShort(56); at += 56) {
            if (b.getInt(at) == PT_LOAD) {
                full[(int) (b.getLong(at + 8) + b.getLong(at + 32))] = 1;
            }
        }
        assertFalse(read(full).canReplaceLibTorch(OTHER.length()));
        assertEquals(read(full).needed(), read(loadable(full, null)).needed());
    }

    /** lld leaves no spare entries. */
    @Test
    void theEntryTakesThePlaceOfACountWhereNoneIsSpare() {
        byte[] tight = library.clone();
        var b = buffer(tight);
        int dynamic = segment(tight, PT_DYNAMIC);
        int end = (int) b.getLong(dynamic + 8);
        while (b.getLong(end) != DT_NULL) {
            end += 16;
        }
        b.putLong(dynamic + 32, end + 16 - b.getLong(dynamic + 8));
        int count = dynamic(tight, DT_RELACOUNT);
        byte[] copy = loadable(tight, null);
        assertEquals(DT_NEEDED, buffer(copy).getLong(count));
        assertEquals("libtorch_cpu.so", lastNeed(copy));

        b.putLong(count, DT_DEBUG);
        assertFalse(read(tight).canReplaceLibTorch(OTHER.length()));
        assertEquals(read(tight).needed(), read(loadable(tight, null)).needed());
    }
}
