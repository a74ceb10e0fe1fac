package io.github.aoti4j.libtorch;

import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Asks a shared library what it exports without loading it, the way the dynamic loader does:
 * through the GNU hash table, which touches a few pages of a file of hundreds of megabytes.
 *
 * <p>Format: the System V ABI's ELF-64 object file format; the hash table as glibc's {@code
 * dl-lookup.c} reads it.
 */
final class ElfExports {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** First bytes of a 64-bit little-endian ELF file. */
    private static final int MAGIC = 0x464c457f;

    private static final int CLASS64_LITTLE_ENDIAN = 0x0102;
    private static final int MACHINE_X86_64 = 62;

    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_GNU_HASH = 0x6ffffef5;
    private static final int SYMBOL_SIZE = 24;

    private final MemorySegment file;
    private final long programHeaders;
    private final int programHeaderSize;
    private final int programHeaderCount;

    private final MemorySegment strings;
    private final MemorySegment symbols;
    private final MemorySegment hashTable;

    private ElfExports(MemorySegment file) {
        this.file = file;
        programHeaders = file.get(LONG, 32);
        programHeaderSize = Short.toUnsignedInt(file.get(SHORT, 54));
        programHeaderCount = Short.toUnsignedInt(file.get(SHORT, 56));
        MemorySegment dynamic = dynamicSection();
        strings = table(dynamic, DT_STRTAB);
        symbols = table(dynamic, DT_SYMTAB);
        hashTable = table(dynamic, DT_GNU_HASH);
    }

    /**
     * Lists the symbols that a library does not export.
     *
     * @throws IncompatibleModelException if the file cannot be read as a library for this machine
     */
    static List<String> missing(Path library, Collection<String> names) {
        try (FileChannel channel = FileChannel.open(library);
                Arena arena = Arena.ofConfined()) {
            MemorySegment file =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            requireMachine(library, file);
            ElfExports exports = new ElfExports(file);
            List<String> missing = new ArrayList<>();
            for (String name : names) {
                if (!exports.has(name)) {
                    missing.add(name);
                }
            }
            return missing;
        } catch (IOException e) {
            throw new IncompatibleModelException(library + " cannot be read: " + e, e);
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw new IncompatibleModelException(
                    library + " is damaged or cut short: its tables point outside the file", e);
        }
    }

    private static void requireMachine(Path library, MemorySegment file) {
        if (file.byteSize() < 64
                || file.get(INT, 0) != MAGIC
                || file.get(SHORT, 4) != CLASS64_LITTLE_ENDIAN
                || file.get(SHORT, 18) != MACHINE_X86_64) {
            throw new IncompatibleModelException(
                    library + " is not a shared library for 64-bit x86-64");
        }
    }

    private boolean has(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int hash = 5381;
        for (byte b : bytes) {
            hash = hash * 33 + (b & 0xff);
        }
        int buckets = hashTable.get(INT, 0);
        int firstSymbol = hashTable.get(INT, 4);
        int filterWords = hashTable.get(INT, 8);
        int filterShift = hashTable.get(INT, 12);
        // A Bloom filter answers most questions about what is not there.
        long word =
                hashTable.get(LONG, 16 + 8L * Integer.remainderUnsigned(hash >>> 6, filterWords));
        if ((word >>> (hash & 63) & word >>> ((hash >>> filterShift) & 63) & 1) == 0) {
            return false;
        }
        long bucketTable = 16 + 8L * filterWords;
        long chainTable = bucketTable + 4L * buckets;
        int symbol =
                hashTable.get(INT, bucketTable + 4L * Integer.remainderUnsigned(hash, buckets));
        if (symbol < firstSymbol) {
            return false;
        }
        // The lowest bit of a chained hash marks the chain's end.
        for (; ; symbol++) {
            int chained = hashTable.get(INT, chainTable + 4L * (symbol - firstSymbol));
            if ((chained | 1) == (hash | 1) && isNamed(symbol, bytes)) {
                return true;
            }
            if ((chained & 1) != 0) {
                return false;
            }
        }
    }

    private boolean isNamed(int symbol, byte[] name) {
        long offset = Integer.toUnsignedLong(symbols.get(INT, (long) symbol * SYMBOL_SIZE));
        MemorySegment text = strings.asSlice(offset, name.length + 1L);
        return text.get(ValueLayout.JAVA_BYTE, name.length) == 0
                && text.asSlice(0, name.length).mismatch(MemorySegment.ofArray(name)) < 0;
    }

    private MemorySegment dynamicSection() {
        for (int i = 0; i < programHeaderCount; i++) {
            long header = programHeaders + (long) i * programHeaderSize;
            if (file.get(INT, header) == PT_DYNAMIC) {
                return file.asSlice(file.get(LONG, header + 8), file.get(LONG, header + 32));
            }
        }
        throw new IndexOutOfBoundsException("no dynamic section");
    }

    /** Returns the file from a table on; how long the table is, is not written anywhere. */
    private MemorySegment table(MemorySegment dynamic, int tag) {
        for (long entry = 0; entry < dynamic.byteSize(); entry += 16) {
            if (dynamic.get(LONG, entry) == tag) {
                return file.asSlice(fileOffset(dynamic.get(LONG, entry + 8)));
            }
        }
        throw new IndexOutOfBoundsException("no dynamic entry " + tag);
    }

    private long fileOffset(long address) {
        for (int i = 0; i < programHeaderCount; i++) {
            long header = programHeaders + (long) i * programHeaderSize;
            long start = file.get(LONG, header + 16);
            if (file.get(INT, header) == PT_LOAD
                    && address >= start
                    && address - start < file.get(LONG, header + 32)) {
                return file.get(LONG, header + 8) + address - start;
            }
        }
        throw new IndexOutOfBoundsException("no segment holds address " + address);
    }
}
