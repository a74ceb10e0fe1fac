package io.github.aoti4j.internal.elf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.aoti4j.bindings.elf.ElfFile;
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
import java.util.List;

/** Copies of models' libraries that need another library in place of libtorch. */
class ReplacedLibTorchTest {
    private static final String OTHER = "libaoti7.so";

    private final byte[] library = WrapperFixtures.entry("add_one", ".wrapper.so");

    @TempDir private Path folder;

    private static ElfFile read(byte[] bytes) {
        return ElfFile.read(MemorySegment.ofArray(bytes), Path.of("m.pt2"), "m/x.wrapper.so");
    }

    private static boolean canReplace(byte[] bytes) {
        return read(bytes).canReplaceLibTorch(OTHER.length());
    }

    private byte[] replaced(byte[] bytes) throws IOException {
        Path copy = Files.write(folder.resolve("copy.so"), bytes);
        try (var channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            read(bytes).makeLoadable(channel, OTHER);
        }
        return Files.readAllBytes(copy);
    }

    private static int find(byte[] bytes, String text) {
        return new String(bytes, ISO_8859_1).indexOf(text);
    }

    /** The library with another name in place of one of those that it needs. */
    private byte[] renamed(String from, String to) {
        byte[] changed = library.clone();
        byte[] name = (to + "\0").getBytes(US_ASCII);
        System.arraycopy(name, 0, changed, find(library, from + "\0"), name.length);
        return changed;
    }

    @Test
    void needsTheOtherLibraryAndNothingOfLibTorch() throws IOException {
        assertTrue(canReplace(library));
        List<String> expected = new ArrayList<>(read(library).needed());
        expected.replaceAll(need -> need.equals("libtorch_cpu.so") ? OTHER : need);
        ElfFile copy = read(replaced(library));
        assertEquals(expected, copy.needed());
        assertEquals(read(library).undefinedSymbols(), copy.undefinedSymbols());
        assertEquals(read(library).definedSymbols(), copy.definedSymbols());
        assertFalse(copy.demandsExecutableStack());
    }

    @Test
    void replacesAllPartsOfLibTorchByOneNeed() throws IOException {
        byte[] both = renamed("libgcc_s.so.1", "libtorch.so");
        List<String> expected = new ArrayList<>(read(both).needed());
        expected.replaceAll(need -> need.startsWith("libtorch") ? OTHER : need);
        assertEquals(2, expected.stream().filter(OTHER::equals).count());
        assertEquals(expected, read(replaced(both)).needed());
    }

    @Test
    void changesThePartsOfACopyAlike() throws IOException {
        byte[] whole = replaced(library);
        byte[] parts = new byte[library.length];
        int size = 1000;
        for (int at = 0; at < library.length; at += size) {
            int length = Math.min(size, library.length - at);
            byte[] part = new byte[length];
            System.arraycopy(library, at, part, 0, length);
            read(library).makeLoadable(part, at, OTHER);
            System.arraycopy(part, 0, parts, at, length);
        }
        assertArrayEquals(whole, parts);
    }

    @Test
    void overwritesNoNameThatIsUsedOtherwise() {
        byte[] shared = library.clone();
        var bytes = ByteBuffer.wrap(shared).order(ByteOrder.LITTLE_ENDIAN);
        // The linker lets the name of a symbol be the end of a library's.
        int symbol = symbolNamed(shared, "aoti_torch_get_dtype");
        int name = bytes.getInt(symbol);
        int distance = find(shared, "libtorch_cpu.so\0") - find(shared, "aoti_torch_get_dtype\0");
        bytes.putInt(symbol, name + distance + "libtorch_".length());
        assertTrue(read(shared).undefinedSymbols().contains("cpu.so"));
        assertFalse(canReplace(shared));
        assertThrows(PackageException.class, () -> replaced(shared));
    }

    /** The place of an undefined symbol in the file. */
    private static int symbolNamed(byte[] bytes, String name) {
        var b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int index = find(bytes, name + "\0") - stringTable(bytes);
        for (int at = 0; at < bytes.length - 8; at += 8) {
            if (b.getInt(at) == index && (b.getInt(at + 4) & ~0xf) == 0x10) { // global, undefined
                return at;
            }
        }
        throw new AssertionError("no symbol " + name);
    }

    private static int stringTable(byte[] bytes) {
        var b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) b.getLong(32);
        for (int at = headers; ; at += 56) {
            if (b.getInt(at) == 2) { // PT_DYNAMIC
                int entry = (int) b.getLong(at + 8);
                while (b.getLong(entry) != 5) { // DT_STRTAB
                    entry += 16;
                }
                return (int) b.getLong(entry + 8); // in the first segment, whose address is 0
            }
        }
    }

    @Test
    void refusesWhereTheNameToReplaceIsTooShort() {
        byte[] tooShort = renamed("libtorch_cpu.so", "libc10.so");
        assertFalse(canReplace(tooShort));
        assertThrows(PackageException.class, () -> replaced(tooShort));
    }
}
