package io.github.aoti4j.bindings.elf;

import java.lang.foreign.ValueLayout;
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
     * @param indexOffset where the file holds the name's place among the names
     * @param nameOffset where in the file the name itself is
     * @param isShared whether other names end in the same bytes
     */
    record Need(String name, long indexOffset, long nameIndex, long nameOffset, boolean isShared) {
        Need sharing(long otherIndex) {
            boolean within = otherIndex > nameIndex && otherIndex <= nameIndex + name.length();
            return within ? new Need(name, indexOffset, nameIndex, nameOffset, true) : this;
        }
    }

    /**
     * A symbol that the process is to have once.
     *
     * @param infoOffset where in the file the byte stands that has its binding and its type
     */
    record Unique(long infoOffset, int type) {}

    private static final int SECTION_HEADER_SIZE = 64;
    private static final int SHT_DYNSYM = 11;

    /** The entries of the dynamic section that are names. */
    private static final Set<Integer> NAMED =
            Set.of(Elf.DT_NEEDED, Elf.DT_SONAME, Elf.DT_RPATH, Elf.DT_RUNPATH);

    private static final int BIND_GLOBAL = 1;
    private static final int BIND_WEAK = 2;
    private static final int BIND_GNU_UNIQUE = 10;
    private static final int VISIBILITY_DEFAULT = 0;
    private static final int VISIBILITY_PROTECTED = 3;

    /** More than the names of libtorch's symbols together. */
    private static final long MAX_NAME_BYTES = 256L << 20;

    /** A linker lets a name be the end of another; it takes a lie to use the same bytes often. */
    private static final long MAX_USES = 16;

    static ElfSymbols read(ElfBytes bytes, ElfHeader header) {
        return new Reader(bytes, header).read();
    }

    private static final class Reader {
        private final ElfBytes image;
        private final ElfHeader header;
        private byte[] strings;
        private long nameBytes;

        Reader(ElfBytes image, ElfHeader header) {
            this.image = image;
            this.header = header;
        }

        ElfSymbols read() {
            long stringTable = header.dynamic(Elf.DT_STRTAB);
            long stringBytes = header.dynamic(Elf.DT_STRSZ);
            if (stringTable < 0 || stringBytes < 0 || header.dynamic(Elf.DT_SYMTAB) < 0) {
                throw image.damaged("its dynamic section names no symbol table");
            }
            long symbolSize = header.dynamic(Elf.DT_SYMENT);
            if (symbolSize != -1 && symbolSize != Elf.SYMBOL_SIZE) {
                throw image.damaged("its symbols have %d bytes, not 24".formatted(symbolSize));
            }
            if (stringBytes > MAX_NAME_BYTES) {
                throw image.damaged("its symbol names take %d bytes".formatted(stringBytes));
            }
            long stringsAt = header.fileOffset(stringTable);
            strings = image.slice(stringsAt, stringBytes).toArray(ValueLayout.JAVA_BYTE);
            List<Need> needed = new ArrayList<>();
            for (ElfHeader.Dynamic entry : header.dynamic()) {
                if (entry.tag() == Elf.DT_NEEDED) {
                    long index = entry.value();
                    needed.add(
                            new Need(
                                    string(index),
                                    entry.valueOffset(),
                                    index,
                                    stringsAt + index,
                                    false));
                }
            }
            for (ElfHeader.Dynamic entry : header.dynamic()) {
                if (NAMED.contains((int) entry.tag())) {
                    needed.replaceAll(need -> need.sharing(entry.value()));
                }
            }
            return readSymbols(needed);
        }

        private ElfSymbols readSymbols(List<Need> needed) {
            long table = header.fileOffset(header.dynamic(Elf.DT_SYMTAB));
            long count = symbolCount();
            if (count > image.size() / Elf.SYMBOL_SIZE) {
                throw image.damaged("it claims to have %d symbols".formatted(count));
            }
            image.require(table, count * Elf.SYMBOL_SIZE);
            var undefined = new ArrayList<String>();
            var weak = new ArrayList<String>();
            var defined = new LinkedHashSet<String>();
            var unique = new ArrayList<Unique>();
            for (long i = 1; i < count; i++) { // the first symbol is none
                long at = table + i * Elf.SYMBOL_SIZE;
                long index = image.u32(at);
                String name = string(index);
                for (int n = 0; n < needed.size(); n++) {
                    needed.set(n, needed.get(n).sharing(index));
                }
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
                    List.copyOf(needed),
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
            long hash = header.dynamic(Elf.DT_HASH);
            if (hash >= 0) {
                return image.u32(header.fileOffset(hash) + 4); // as many chains as symbols
            }
            long gnuHash = header.dynamic(Elf.DT_GNU_HASH);
            return gnuHash >= 0 ? countByGnuHash(header.fileOffset(gnuHash)) : countBySections();
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
                        return image.u64(at + 32) / Elf.SYMBOL_SIZE;
                    }
                }
            }
            throw image.damaged("nothing states how many symbols it has");
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
    }
}
