package io.github.aoti4j.bindings.elf;

import java.util.ArrayList;
import java.util.List;

/** What an ELF file says of its parts: program headers and the dynamic section. */
final class ElfHeader {
    private static final int MAGIC = 0x464c457f; // 0x7f 'E' 'L' 'F'
    private static final int MACHINE = 18;
    private static final int HEADER_BYTES = 56;

    /** A program header; {@code offset} is its own place in the file. */
    record Segment(
            long offset,
            int type,
            int flags,
            long fileOffset,
            long address,
            long fileSize,
            long memorySize) {}

    /** An entry of the dynamic section; {@code valueOffset} is the value's place in the file. */
    record Dynamic(long tag, long value, long valueOffset) {}

    private final ElfBytes bytes;
    private final List<Segment> segments;
    private final List<Dynamic> dynamic;

    ElfHeader(ElfBytes bytes) {
        this.bytes = bytes;
        this.segments = readSegments();
        this.dynamic = readDynamic();
    }

    static boolean isElf(ElfBytes bytes) {
        return bytes.size() >= 64 && bytes.u32(0) == MAGIC;
    }

    static boolean is64Bit(ElfBytes bytes) {
        return bytes.u8(4) == 2;
    }

    static boolean isLittleEndian(ElfBytes bytes) {
        return bytes.u8(5) == 1;
    }

    static int machine(ElfBytes bytes) {
        return isLittleEndian(bytes)
                ? bytes.u16(MACHINE)
                : bytes.u8(MACHINE) << 8 | bytes.u8(MACHINE + 1);
    }

    private List<Segment> readSegments() {
        long table = bytes.u64(Elf.PROGRAM_HEADERS);
        int count = bytes.u16(Elf.PROGRAM_HEADER_COUNT);
        int size = bytes.u16(Elf.PROGRAM_HEADER_SIZE);
        if (count > 0 && size != HEADER_BYTES) {
            throw bytes.damaged("its program headers have %d bytes, not 56".formatted(size));
        }
        bytes.require(table, (long) count * HEADER_BYTES);
        List<Segment> read = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = table + (long) i * HEADER_BYTES;
            var segment =
                    new Segment(
                            at,
                            (int) bytes.u32(at),
                            (int) bytes.u32(at + 4),
                            bytes.u64(at + 8),
                            bytes.u64(at + 16),
                            bytes.u64(at + 32),
                            bytes.u64(at + 40));
            if (segment.type == Elf.PT_LOAD || segment.type == Elf.PT_DYNAMIC) {
                bytes.require(segment.fileOffset, segment.fileSize);
            }
            read.add(segment);
        }
        return read;
    }

    private List<Dynamic> readDynamic() {
        Segment segment = find(Elf.PT_DYNAMIC);
        if (segment == null) {
            throw bytes.damaged("it has no dynamic section");
        }
        List<Dynamic> read = new ArrayList<>();
        long end = segment.fileOffset + segment.fileSize - Elf.DYNAMIC_ENTRY_SIZE;
        for (long at = segment.fileOffset; at <= end; at += Elf.DYNAMIC_ENTRY_SIZE) {
            long tag = bytes.u64(at);
            if (tag == Elf.DT_NULL) {
                break;
            }
            read.add(new Dynamic(tag, bytes.u64(at + 8), at + 8));
        }
        return read;
    }

    /** Returns the first program header of a type, or null. */
    Segment find(int type) {
        for (Segment segment : segments) {
            if (segment.type == type) {
                return segment;
            }
        }
        return null;
    }

    List<Segment> segments() {
        return segments;
    }

    /**
     * Returns where the file has an entry of the dynamic section that can become another one: a
     * spare one at its end, which linkers leave, or the count that only makes loading faster; -1 if
     * there is none.
     */
    long spareDynamicEntry() {
        Segment segment = find(Elf.PT_DYNAMIC);
        long at = segment.fileOffset + (long) dynamic.size() * Elf.DYNAMIC_ENTRY_SIZE;
        long end = segment.fileOffset + segment.fileSize;
        if (at + 2 * Elf.DYNAMIC_ENTRY_SIZE <= end
                && bytes.u64(at + Elf.DYNAMIC_ENTRY_SIZE) == Elf.DT_NULL) {
            return at;
        }
        for (Dynamic entry : dynamic) {
            if (entry.tag == Elf.DT_RELACOUNT) {
                return entry.valueOffset - Long.BYTES;
            }
        }
        return -1;
    }

    List<Dynamic> dynamic() {
        return dynamic;
    }

    /** Returns what the dynamic section has for a tag, or -1. */
    long dynamic(int tag) {
        for (Dynamic entry : dynamic) {
            if (entry.tag == tag) {
                return entry.value;
            }
        }
        return -1;
    }

    /** Returns where in the file an address of the loaded library comes from. */
    long fileOffset(long address) {
        for (Segment segment : segments) {
            long distance = address - segment.address;
            if (segment.type == Elf.PT_LOAD && distance >= 0 && distance < segment.fileSize) {
                return segment.fileOffset + distance;
            }
        }
        throw bytes.damaged("address 0x%x is in none of its segments".formatted(address));
    }
}
