package io.github.aoti4j.internal.elf;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The dynamic symbols of a shared library, by what they mean to its loader.
 *
 * @param undefined undefined symbols that must be found
 * @param weak undefined symbols that may be absent
 * @param unique the symbols that are {@code STB_GNU_UNIQUE}
 */
record ElfSymbols(
        List<Need> needed,
        List<String> undefined,
        List<String> weak,
        Set<String> defined,
        List<Unique> unique) {
    /**
     * A library that it needs.
     *
     * @param nameOffset where in the file the number stands that tells where the name stands
     */
    record Need(String name, long nameOffset, long nameIndex) {}

    /**
     * A symbol that the process is to have once.
     *
     * @param infoOffset where in the file the byte stands that has its binding and its type
     */
    record Unique(long infoOffset, int type) {}

    private static final int DT_NULL = 0;
    private static final int DT_NEEDED = 1;
    private static final int DT_HASH = 4;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_STRSZ = 10;
    private static final int DT_SYMENT = 11;
    private static final int DT_GNU_HASH = 0x6ffffef5;

    private static final int DYNAMIC_ENTRY_SIZE = 16;
    private static final int SYMBOL_SIZE = 24;
    private static final int SECTION_HEADER_SIZE = 64;
    private static final int SHT_DYNSYM = 11;

    private static final int BIND_GLOBAL = 1;
    private static final int BIND_WEAK = 2;
    private static final int BIND_GNU_UNIQUE = 10;
    private static final int VISIBILITY_DEFAULT = 0;
    private static final int VISIBILITY_PROTECTED = 3;

    /** More than the names of libtorch's symbols together. */
    private static final long MAX_NAME_BYTES = 256L << 20;

    /** A linker lets a name be the end of another; it takes a lie to use the same bytes often. */
    private static final long MAX_USES = 16;

    static ElfSymbols read(
            ElfImage image, List<ElfFile.Segment> segments, ElfFile.Segment dynamic) {
        return new Reader(image, segments).read(dynamic);
    }

    private static final class Reader {
        private final ElfImage image;
        private final List<ElfFile.Segment> segments;
        private long stringTable = -1;
        private long stringTableSize = -1;
        private long symbolTable = -1;
        private long symbolSize = SYMBOL_SIZE;
        private long hash = -1;
        private long gnuHash = -1;
        private byte[] strings;
        private long nameBytes;

        Reader(ElfImage image, List<ElfFile.Segment> segments) {
            this.image = image;
            this.segments = segments;
        }

        ElfSymbols read(ElfFile.Segment dynamic) {
            List<Long> needs = readDynamic(dynamic);
            if (stringTable < 0 || stringTableSize < 0 || symbolTable < 0) {
                throw image.damaged("its dynamic section names no symbol table");
            }
            if (symbolSize != SYMBOL_SIZE) {
                throw image.damaged("its symbols have %d bytes, not 24".formatted(symbolSize));
            }
            if (stringTableSize > MAX_NAME_BYTES) {
                throw image.damaged("its symbol names take %d bytes".formatted(stringTableSize));
            }
            strings = image.copy(offsetOf(stringTable), (int) stringTableSize);
            var needed = new ArrayList<Need>();
            for (long name : needs) {
                needed.add(need(name));
            }
            return readSymbols(List.copyOf(needed));
        }

        private List<Long> readDynamic(ElfFile.Segment dynamic) {
            var needed = new ArrayList<Long>();
            long end = dynamic.fileOffset() + dynamic.fileSize();
            for (long at = dynamic.fileOffset();
                    at <= end - DYNAMIC_ENTRY_SIZE;
                    at += DYNAMIC_ENTRY_SIZE) {
                long tag = image.u64(at);
                long value = image.u64(at + 8);
                if (tag == DT_NULL) {
                    break;
                }
                switch ((int) tag) {
                    case DT_NEEDED -> needed.add(at + 8);
                    case DT_STRTAB -> stringTable = value;
                    case DT_STRSZ -> stringTableSize = value;
                    case DT_SYMTAB -> symbolTable = value;
                    case DT_SYMENT -> symbolSize = value;
                    case DT_HASH -> hash = value;
                    case DT_GNU_HASH -> gnuHash = value;
                    default -> {}
                }
            }
            return needed;
        }

        private Need need(long nameOffset) {
            long index = image.u64(nameOffset);
            return new Need(string(index), nameOffset, index);
        }

        private ElfSymbols readSymbols(List<Need> needed) {
            long table = offsetOf(symbolTable);
            long count = symbolCount();
            if (count > image.size() / SYMBOL_SIZE) {
                throw image.damaged("it claims to have %d symbols".formatted(count));
            }
            image.require(table, count * SYMBOL_SIZE);
            var undefined = new ArrayList<String>();
            var weak = new ArrayList<String>();
            var defined = new LinkedHashSet<String>();
            var unique = new ArrayList<Unique>();
            for (long i = 1; i < count; i++) { // the first symbol is none
                long at = table + i * SYMBOL_SIZE;
                String name = string(image.u32(at));
                int binding = image.u8(at + 4) >> 4;
                int visibility = image.u8(at + 5) & 3;
                boolean isUndefined = image.u16(at + 6) == 0;
                boolean isVisible =
                        visibility == VISIBILITY_DEFAULT || visibility == VISIBILITY_PROTECTED;
                if (isUndefined && binding == BIND_GLOBAL) {
                    undefined.add(name);
                } else if (isUndefined && binding == BIND_WEAK) {
                    weak.add(name);
                } else if (!isUndefined && isVisible && isShared(binding)) {
                    defined.add(name);
                }
                if (binding == BIND_GNU_UNIQUE) {
                    unique.add(new Unique(at + 4, image.u8(at + 4) & 0xf));
                }
            }
            return new ElfSymbols(
                    needed,
                    List.copyOf(undefined),
                    List.copyOf(weak),
                    Collections.unmodifiableSet(defined),
                    List.copyOf(unique));
        }

        private static boolean isShared(int binding) {
            return binding == BIND_GLOBAL || binding == BIND_WEAK || binding == BIND_GNU_UNIQUE;
        }

        /** The symbol table does not say how long it is; its hash tables and sections do. */
        private long symbolCount() {
            if (hash >= 0) {
                return image.u32(offsetOf(hash) + 4); // as many chains as symbols
            }
            return gnuHash >= 0 ? countByGnuHash(offsetOf(gnuHash)) : countBySections();
        }

        /** The symbol with the highest index ends the chain of the highest bucket. */
        private long countByGnuHash(long table) {
            long bucketCount = image.u32(table);
            long firstHashed = image.u32(table + 4);
            long bloomWords = image.u32(table + 8);
            long buckets = table + 16 + bloomWords * 8;
            image.require(buckets, bucketCount * 4);
            long last = 0;
            for (long i = 0; i < bucketCount; i++) {
                last = Math.max(last, image.u32(buckets + i * 4));
            }
            if (last < firstHashed) {
                return firstHashed;
            }
            long chains = buckets + bucketCount * 4;
            while ((image.u32(chains + (last - firstHashed) * 4) & 1) == 0) {
                last++;
            }
            return last + 1;
        }

        private long countBySections() {
            long table = image.u64(40);
            int count = image.u16(60);
            if (image.u16(58) == SECTION_HEADER_SIZE) {
                for (int i = 0; i < count; i++) {
                    long at = table + (long) i * SECTION_HEADER_SIZE;
                    if (image.u32(at + 4) == SHT_DYNSYM) {
                        return image.u64(at + 32) / SYMBOL_SIZE;
                    }
                }
            }
            throw image.damaged("nothing tells how many symbols it has");
        }

        private String string(long offset) {
            if (offset < 0 || offset >= strings.length) {
                throw image.damaged(
                        "a name lies at %d of %d bytes of names".formatted(offset, strings.length));
            }
            int end = (int) offset;
            while (end < strings.length && strings[end] != 0) {
                end++;
            }
            nameBytes += end - offset;
            if (end == strings.length || nameBytes > MAX_USES * strings.length) {
                throw image.damaged("its names overlap or do not end");
            }
            return new String(
                    strings, (int) offset, end - (int) offset, StandardCharsets.ISO_8859_1);
        }

        private long offsetOf(long address) {
            return ElfFile.fileOffset(image, segments, address);
        }
    }
}
