package io.github.aoti4j.bindings.elf;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * Asks a shared library what it exports without loading it, the way the dynamic loader does:
 * through the GNU hash table, which touches a few pages of a file of hundreds of megabytes.
 *
 * <p>The hash table is read as glibc's {@code dl-lookup.c} reads it.
 */
public final class ElfExports {
    private final ElfBytes bytes;
    private final long strings;
    private final long symbols;
    private final long hashTable;

    private ElfExports(ElfBytes bytes) {
        this.bytes = bytes;
        var header = new ElfHeader(bytes);
        strings = table(header, Elf.DT_STRTAB);
        symbols = table(header, Elf.DT_SYMTAB);
        hashTable = table(header, Elf.DT_GNU_HASH);
    }

    private long table(ElfHeader header, int tag) {
        long address = header.dynamic(tag);
        if (address < 0) {
            throw bytes.damaged("it has no dynamic entry " + tag);
        }
        return header.fileOffset(address);
    }

    /**
     * Lists the symbols that a library does not export.
     *
     * @throws IncompatibleModelException if the file cannot be read as a library for this machine
     */
    public static List<String> missing(Path library, Collection<String> names) {
        Function<String, AotiException> damaged =
                problem ->
                        new IncompatibleModelException(
                                library + " is damaged or cut short: " + problem);
        try (FileChannel channel = FileChannel.open(library);
                Arena arena = Arena.ofConfined()) {
            var bytes =
                    new ElfBytes(
                            channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena),
                            damaged);
            if (!ElfHeader.isElf(bytes)
                    || !ElfHeader.is64Bit(bytes)
                    || !ElfHeader.isLittleEndian(bytes)
                    || ElfHeader.machine(bytes) != Elf.X86_64) {
                throw new IncompatibleModelException(
                        library + " is not a shared library for 64-bit x86-64");
            }
            var exports = new ElfExports(bytes);
            return names.stream().filter(name -> !exports.has(name)).toList();
        } catch (IOException e) {
            throw new IncompatibleModelException(library + " cannot be read: " + e, e);
        }
    }

    private boolean has(String name) {
        byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
        int hash = 5381;
        for (byte b : wanted) {
            hash = hash * 33 + (b & 0xff);
        }
        long buckets = bytes.u32(hashTable);
        long firstSymbol = bytes.u32(hashTable + 4);
        long filterWords = bytes.u32(hashTable + 8);
        int filterShift = (int) bytes.u32(hashTable + 12);
        if (buckets == 0 || filterWords == 0) {
            throw bytes.damaged("its table of symbols is empty");
        }
        // A Bloom filter answers most questions about what is not there.
        long filter = hashTable + 16;
        long word = bytes.u64(filter + 8 * ((hash >>> 6) % filterWords));
        if ((word >>> (hash & 63) & word >>> ((hash >>> filterShift) & 63) & 1) == 0) {
            return false;
        }
        long bucketTable = filter + 8 * filterWords;
        long chainTable = bucketTable + 4 * buckets;
        long symbol = bytes.u32(bucketTable + 4 * (Integer.toUnsignedLong(hash) % buckets));
        if (symbol < firstSymbol) {
            return false;
        }
        // The lowest bit of a chained hash marks the chain's end.
        for (; ; symbol++) {
            int chained = (int) bytes.u32(chainTable + 4 * (symbol - firstSymbol));
            if ((chained | 1) == (hash | 1) && isNamed(symbol, wanted)) {
                return true;
            }
            if ((chained & 1) != 0) {
                return false;
            }
        }
    }

    private boolean isNamed(long symbol, byte[] name) {
        long offset = bytes.u32(symbols + symbol * Elf.SYMBOL_SIZE);
        MemorySegment text = bytes.slice(strings + offset, name.length + 1L);
        return text.get(ValueLayout.JAVA_BYTE, name.length) == 0
                && text.asSlice(0, name.length).mismatch(MemorySegment.ofArray(name)) < 0;
    }
}
