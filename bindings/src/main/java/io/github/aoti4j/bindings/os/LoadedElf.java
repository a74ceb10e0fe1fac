package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.github.aoti4j.bindings.elf.Elf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The image of a library in memory, as the dynamic loader has accepted and relocated it.
 *
 * @param base where the image begins
 * @param protectedFrom where the part begins that is read-only after relocation
 */
record LoadedElf(
        MemorySegment memory, long base, long dynamic, long protectedFrom, long protectedTo) {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;

    /** Returns the library that an address is in. */
    static Optional<LoadedElf> at(MemorySegment function) {
        long base;
        try (Arena arena = Arena.ofConfined()) {
            // Dl_info: the file's name, the base, a symbol's name and address.
            MemorySegment info = arena.allocate(32, 8);
            long found = call(IntegerCall.find("dladdr"), function.address(), info.address(), 0);
            base = info.get(JAVA_LONG, 8);
            if ((int) found == 0 || base == 0) {
                return Optional.empty();
            }
        }
        MemorySegment memory = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        long page = call(IntegerCall.find("getpagesize"), 0, 0, 0) & 0xffff_ffffL;
        long dynamic = 0;
        long from = 0;
        long to = 0;
        long headers = base + memory.get(JAVA_LONG, base + Elf.PROGRAM_HEADERS);
        int size = memory.get(JAVA_SHORT, base + Elf.PROGRAM_HEADER_SIZE);
        int count = memory.get(JAVA_SHORT, base + Elf.PROGRAM_HEADER_COUNT);
        for (long at = headers; at < headers + (long) size * count; at += size) {
            long address = base + memory.get(JAVA_LONG, at + 16);
            switch (memory.get(JAVA_INT, at)) {
                case Elf.PT_DYNAMIC -> dynamic = address;
                case Elf.PT_GNU_RELRO -> {
                    from = address & -page;
                    to = address + memory.get(JAVA_LONG, at + 40) & -page;
                }
                default -> {}
            }
        }
        return dynamic == 0
                ? Optional.empty()
                : Optional.of(new LoadedElf(memory, base, dynamic, from, to));
    }

    /** Replaces the address of another library's object wherever this library holds it. */
    void rebind(String symbol, long from, long to) {
        long strings = tag(Elf.DT_STRTAB);
        long symbols = tag(Elf.DT_SYMTAB);
        long relocations = tag(Elf.DT_RELA);
        long end = relocations + tag(Elf.DT_RELASZ);
        for (long at = relocations; at < end; at += Elf.RELOCATION_SIZE) {
            long number = memory.get(JAVA_LONG, at + 8) >>> 32;
            if (number == 0) {
                continue;
            }
            long name = memory.get(JAVA_INT, symbols + number * Elf.SYMBOL_SIZE) & 0xffff_ffffL;
            long slot = base + memory.get(JAVA_LONG, at);
            // The slot's content says what kind of relocation it was, on any machine.
            if (isName(strings + name, symbol)
                    && slot % Long.BYTES == 0
                    && memory.get(JAVA_LONG, slot) == from) {
                write(slot, to);
            }
        }
    }

    private boolean isName(long at, String symbol) {
        for (int i = 0; i < symbol.length(); i++) {
            if (memory.get(JAVA_BYTE, at + i) != symbol.charAt(i)) {
                return false;
            }
        }
        return memory.get(JAVA_BYTE, at + symbol.length()) == 0;
    }

    private void write(long slot, long value) {
        boolean isProtected = protectedFrom <= slot && slot < protectedTo;
        long length = protectedTo - protectedFrom;
        if (isProtected && !protect(length, PROT_READ | PROT_WRITE)) {
            return;
        }
        memory.set(JAVA_LONG, slot, value);
        if (isProtected) {
            boolean _ = protect(length, PROT_READ);
        }
    }

    private boolean protect(long length, int access) {
        return (int) call(IntegerCall.find("mprotect"), protectedFrom, length, access) == 0;
    }

    /** Returns an entry of the dynamic section; glibc turns offsets into addresses. */
    private long tag(int wanted) {
        for (long at = dynamic; memory.get(JAVA_LONG, at) != 0; at += Elf.DYNAMIC_ENTRY_SIZE) {
            if (memory.get(JAVA_LONG, at) == wanted) {
                long value = memory.get(JAVA_LONG, at + 8);
                return wanted == Elf.DT_RELASZ || value >= base ? value : base + value;
            }
        }
        return 0;
    }

    private static long call(MemorySegment function, long a, long b, long c) {
        return IntegerCall.call(function, a, b, c, 0, 0, 0);
    }
}
