package io.github.aoti4j.bindings.elf;

import io.github.aoti4j.bindings.elf.ElfHeader.Segment;

import java.util.Optional;

/**
 * Room in a shared library for one more library that it needs, where nothing has to move: an entry
 * of the dynamic section, and memory of the loaded library for the name.
 *
 * <p>The name may lie anywhere in a loaded segment, because the dynamic loader adds the entry's
 * value to the address of the names and compares nothing. It is put into a program header that says
 * nothing the loader needs (a note), or else behind a read-only segment, in what the linker left
 * empty up to the end of the page.
 *
 * @param entry where in the file the entry of the dynamic section is
 * @param header where in the file the program header begins that the name takes; -1 if none
 * @param name where in the file the name goes
 * @param address where the loaded library has the name
 */
record SpareRoom(long entry, long header, long name, long address) {
    /** What follows the type in a program header. */
    private static final int HEADER_ROOM = 52;

    /** The least that the loader maps of a file. */
    private static final int PAGE = 4096;

    private static final int PF_WRITE = 2;

    /**
     * Finds room.
     *
     * @param length of the name, without the 0 that ends it
     * @param taken where the program header begins that is not free; -1 if all are
     */
    static Optional<SpareRoom> find(ElfBytes bytes, ElfHeader header, int length, long taken) {
        long entry = header.spareDynamicEntry();
        if (entry < 0) {
            return Optional.empty();
        }
        for (Segment segment : header.segments()) {
            boolean isFree = segment.type() == Elf.PT_NULL || segment.type() == Elf.PT_NOTE;
            long name = segment.offset() + Integer.BYTES;
            long address = address(header, name);
            if (isFree && segment.offset() != taken && length < HEADER_ROOM && address >= 0) {
                return Optional.of(new SpareRoom(entry, segment.offset(), name, address));
            }
        }
        for (Segment segment : header.segments()) {
            long end = segment.fileOffset() + segment.fileSize();
            if (isLoadedOnly(segment) && isEmpty(bytes, header, end, length + 1)) {
                long address = segment.address() + segment.fileSize();
                return Optional.of(new SpareRoom(entry, -1, end, address));
            }
        }
        return Optional.empty();
    }

    /** Whether a segment is not written to, and is nothing but bytes of the file. */
    private static boolean isLoadedOnly(Segment segment) {
        return segment.type() == Elf.PT_LOAD
                && (segment.flags() & PF_WRITE) == 0
                && segment.fileSize() > 0
                && segment.memorySize() == segment.fileSize();
    }

    /** Returns where the loaded library has a byte of the file; -1 if it has it nowhere. */
    private static long address(ElfHeader header, long offset) {
        for (Segment segment : header.segments()) {
            long distance = offset - segment.fileOffset();
            if (segment.type() == Elf.PT_LOAD
                    && distance >= 0
                    && distance + HEADER_ROOM <= segment.fileSize()) {
                return segment.address() + distance;
            }
        }
        return -1;
    }

    /** Whether bytes are 0, in one page with those before, and of no segment. */
    private static boolean isEmpty(ElfBytes bytes, ElfHeader header, long at, int count) {
        if (at % PAGE == 0 || at % PAGE + count > PAGE || at + count > bytes.size()) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (bytes.u8(at + i) != 0) {
                return false;
            }
        }
        return header.segments().stream()
                .filter(segment -> segment.type() == Elf.PT_LOAD)
                .noneMatch(
                        segment ->
                                segment.fileOffset() < at + count
                                        && segment.fileOffset() + segment.fileSize() > at);
    }
}
