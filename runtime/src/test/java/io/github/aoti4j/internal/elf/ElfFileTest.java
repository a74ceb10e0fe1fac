package io.github.aoti4j.internal.elf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.aoti4j.bindings.elf.Elf;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;

class ElfFileTest {
    private static final int PT_DYNAMIC = 2;
    private static final int PT_NOTE = 4;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int DT_HASH = 4;
    private static final int DT_SYMTAB = 6;
    private static final int DT_GNU_HASH = 0x6ffffef5;
    private static final int UNKNOWN = 0x12345;
    private static final int STB_GLOBAL = 1;
    private static final int STB_GNU_UNIQUE = 10;

    private final byte[] library = WrapperFixtures.entry("add_one", ".wrapper.so");

    @TempDir private Path folder;

    private static ElfFile read(byte[] bytes) {
        return ElfFile.read(MemorySegment.ofArray(bytes), Path.of("m.pt2"), "m/x.wrapper.so");
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The offset of the program header of a type. */
    private static int segment(byte[] bytes, int type) {
        var b = buffer(bytes);
        int table = (int) b.getLong(32);
        for (int at = table; at < table + 56 * b.getShort(56); at += 56) {
            if (b.getInt(at) == type) {
                return at;
            }
        }
        throw new AssertionError("no program header of type " + type);
    }

    /** The offset of the dynamic section's entry with a tag. */
    private static int dynamic(byte[] bytes, int tag) {
        var b = buffer(bytes);
        int at = (int) b.getLong(segment(bytes, PT_DYNAMIC) + 8);
        while (b.getLong(at) != tag) {
            at += 16;
        }
        return at;
    }

    private byte[] patched(int at, int value) {
        byte[] copy = library.clone();
        buffer(copy).putInt(at, value);
        return copy;
    }

    private static String refusal(byte[] bytes) {
        var e = assertThrows(PackageException.class, () -> read(bytes));
        assertTrue(
                e.getMessage()
                        .startsWith("m.pt2: entry m/x.wrapper.so is not a sound shared library: "),
                e.getMessage());
        return e.getMessage();
    }

    @Test
    void readsSymbols() {
        var elf = read(library);
        assertEquals(Elf.X86_64, elf.machine());
        assertEquals("x86_64", elf.machineName());
        assertTrue(elf.needed().contains("libtorch_cpu.so"), elf.needed().toString());
        assertTrue(elf.undefinedSymbols().contains("aoti_torch_empty_strided"));
        assertTrue(elf.definedSymbols().contains("AOTInductorModelContainerRun"));
        assertFalse(elf.definedSymbols().contains("aoti_torch_empty_strided"));
        assertTrue(elf.weakSymbols().contains("__gmon_start__"));
        assertFalse(elf.undefinedSymbols().contains("__gmon_start__"));
    }

    @Test
    void countsSymbolsByEachOfTheThreeTables() {
        var expected = read(library);
        int gnuHash = dynamic(library, DT_GNU_HASH);

        byte[] withoutHash = patched(gnuHash, UNKNOWN);
        assertEquals(expected.undefinedSymbols(), read(withoutHash).undefinedSymbols());
        assertEquals(expected.definedSymbols(), read(withoutHash).definedSymbols());

        // The table of the older kind: how many buckets, how many chains, one for each symbol.
        int count =
                1
                        + expected.undefinedSymbols().size()
                        + expected.weakSymbols().size()
                        + expected.definedSymbols().size();
        byte[] withHash = patched(gnuHash, DT_HASH);
        int table = (int) buffer(library).getLong(gnuHash + 8); // the first segment lies at 0
        buffer(withHash).putInt(table + 4, count);
        assertEquals(expected.definedSymbols(), read(withHash).definedSymbols());
        buffer(withHash).putInt(table + 4, 2);
        assertEquals(
                1, read(withHash).weakSymbols().size() + read(withHash).undefinedSymbols().size());
        buffer(withHash).putInt(table + 4, Integer.MAX_VALUE);
        assertTrue(refusal(withHash).contains("claims to have 2147483647 symbols"));
    }

    @Test
    void namesOtherMachines() {
        byte[] arm = library.clone();
        arm[18] = (byte) 183;
        assertEquals("aarch64", read(arm).machineName());
        byte[] other = library.clone();
        other[18] = 99;
        assertEquals("ELF machine 99", read(other).machineName());
    }

    @Test
    void refusesMachinesOfAnotherWidthOrByteOrder() {
        byte[] narrow = library.clone();
        narrow[4] = 1;
        narrow[18] = 3;
        var e = assertThrows(IncompatibleModelException.class, () -> read(narrow));
        assertEquals(
                "m.pt2: entry m/x.wrapper.so was compiled for a 32-bit, little-endian machine"
                        + " (i386); only 64-bit, little-endian ones are supported",
                e.getMessage());
        byte[] big = library.clone();
        big[5] = 2;
        big[18] = 0;
        big[19] = 22;
        var f = assertThrows(IncompatibleModelException.class, () -> read(big));
        assertTrue(f.getMessage().contains("64-bit, big-endian machine (s390x)"), f.getMessage());
    }

    @Test
    void refusesOtherFiles() {
        assertTrue(refusal(new byte[0]).contains("does not begin with an ELF header"));
        assertTrue(refusal(new byte[1000]).contains("does not begin with an ELF header"));
        byte[] program = library.clone();
        program[16] = 2;
        assertTrue(refusal(program).contains("ELF file of type 2"));
    }

    @Test
    void refusesHeadersThatLie() {
        assertTrue(refusal(patched(32, -1)).contains("truncated"));
        byte[] size = library.clone();
        size[54] = 57;
        assertTrue(refusal(size).contains("program headers have 57 bytes"));
        assertTrue(
                refusal(patched(segment(library, PT_DYNAMIC), UNKNOWN))
                        .contains("no dynamic section"));
        assertTrue(
                refusal(patched(dynamic(library, DT_SYMTAB), UNKNOWN))
                        .contains("names no symbol table"));
        assertTrue(
                refusal(patched(dynamic(library, DT_SYMTAB) + 8, Integer.MAX_VALUE))
                        .contains("in none of its segments"));
    }

    @Test
    void survivesEveryTruncation() {
        for (int length = 0; length < library.length; length += 97) {
            byte[] cut = Arrays.copyOf(library, length);
            try {
                read(cut);
            } catch (PackageException e) {
                // Only what is cut off behind all that is read goes unnoticed.
            }
        }
        assertThrows(PackageException.class, () -> read(Arrays.copyOf(library, 5000)));
    }

    @Test
    void survivesRandomDamage() {
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] copy = library.clone();
            for (int j = 0; j < 20; j++) {
                copy[6 + random.nextInt(Math.min(copy.length, 4096) - 6)] = (byte) random.nextInt();
            }
            int at = dynamic(library, DT_GNU_HASH) - 64 + random.nextInt(128);
            copy[at] = (byte) random.nextInt();
            try {
                read(copy);
            } catch (AotiException e) {
                refused++;
            }
        }
        assertTrue(refused > 0, "no damage was noticed");
    }

    @Test
    void clearsTheExecutableStackAndUniqueSymbolsAndNothingElse() throws IOException {
        assertTrue(read(library).demandsExecutableStack());
        byte[] cleared = clear(library);
        assertFalse(read(cleared).demandsExecutableStack());
        int stack = segment(library, PT_GNU_STACK) + 4;
        int uniques = 0;
        for (int i = 0; i < library.length; i++) {
            if (library[i] != cleared[i] && i != stack) {
                assertEquals(STB_GNU_UNIQUE, (library[i] & 0xff) >> 4);
                assertEquals(STB_GLOBAL, cleared[i] >> 4);
                assertEquals(library[i] & 0xf, cleared[i] & 0xf);
                uniques++;
            }
        }
        assertNotEquals(library[stack], cleared[stack]);
        assertTrue(uniques > 0, "the library has no unique symbols");
        assertEquals(read(library).definedSymbols(), read(cleared).definedSymbols());
        assertArrayEquals(cleared, clear(cleared), "nothing is left to do");
    }

    @Test
    void addsTheMissingMarkInPlaceOfANote() throws IOException {
        byte[] without = patched(segment(library, PT_GNU_STACK), UNKNOWN);
        assertTrue(read(without).demandsExecutableStack());
        int note = segment(without, PT_NOTE);
        byte[] cleared = clear(without);
        assertFalse(read(cleared).demandsExecutableStack());
        assertEquals(PT_GNU_STACK, buffer(cleared).getInt(note));
        assertEquals(6, buffer(cleared).getInt(note + 4));
    }

    @Test
    void refusesToClearWhereThereIsNoPlaceForTheMark() {
        byte[] without = patched(segment(library, PT_GNU_STACK), UNKNOWN);
        var b = buffer(without);
        int table = (int) b.getLong(32);
        for (int at = table; at < table + 56 * b.getShort(56); at += 56) {
            if (b.getInt(at) == PT_NOTE) {
                b.putInt(at, UNKNOWN);
            }
        }
        var e = assertThrows(PackageException.class, () -> clear(without));
        assertTrue(e.getMessage().contains("noexecstack"), e.getMessage());
    }

    @Test
    void needsNoLibraryThatIsButTheNeedsOfAllOfPyTorch() throws IOException {
        byte[] umbrella = library.clone();
        byte[] name = "libtorch.so\0".getBytes(US_ASCII);
        int at = new String(library, ISO_8859_1).indexOf("libgcc_s.so.1\0");
        System.arraycopy(name, 0, umbrella, at, name.length);
        var before = read(umbrella).needed();
        assertTrue(before.contains("libtorch.so"), before.toString());
        var expected = new ArrayList<>(before);
        expected.replaceAll(need -> need.equals("libtorch.so") ? "libtorch_cpu.so" : need);
        assertEquals(expected, read(clear(umbrella)).needed());
    }

    private byte[] clear(byte[] bytes) throws IOException {
        Path copy = Files.write(folder.resolve("copy.so"), bytes);
        try (var channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            read(bytes).makeLoadable(channel);
        }
        return Files.readAllBytes(copy);
    }
}
