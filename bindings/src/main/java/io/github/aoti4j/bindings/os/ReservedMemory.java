package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A range of addresses with memory behind its beginning, which grows on request. What is not in use
 * yet costs no memory and counts against no limit but that of address space ({@code ulimit -v}).
 *
 * <p>Unmapped when it is no longer reachable. Not thread-safe.
 */
public final class ReservedMemory {
    private static final MemorySegment MPROTECT = IntegerCall.find("mprotect");
    private static final MemorySegment MUNMAP = IntegerCall.find("munmap");

    private final MemorySegment range;
    private long committed;

    private ReservedMemory(MemorySegment range) {
        this.range = range;
    }

    /**
     * Reserves addresses, which start at a page.
     *
     * @param most how many bytes, a multiple of the page size; half as many, or a quarter and so
     *     on, if the system refuses
     * @param least the fewest that are of use
     * @throws OutOfMemoryError if the system refuses these, too
     */
    public static ReservedMemory reserve(long most, long least) {
        int flags = Libc.MAP_PRIVATE() | Libc.MAP_NORESERVE() | StackPointer.MAP_ANONYMOUS;
        MemorySegment mmap = IntegerCall.find("mmap");
        for (long bytes = most; bytes >= least; bytes /= 2) {
            long address = IntegerCall.call(mmap, 0, bytes, Libc.PROT_NONE(), flags, -1, 0);
            if (address != -1) {
                return new ReservedMemory(owned(address, bytes));
            }
        }
        throw new OutOfMemoryError("the system refuses " + least + " bytes of address space");
    }

    private static MemorySegment owned(long address, long bytes) {
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, Arena.ofAuto(), _ -> unmap(address, bytes));
    }

    private static void unmap(long address, long bytes) {
        // It cannot fail for a mapping.
        long _ = IntegerCall.call(MUNMAP, address, bytes, 0, 0, 0, 0);
    }

    public long address() {
        return range.address();
    }

    /** Returns how many bytes from the beginning can be used. */
    public long committed() {
        return committed;
    }

    /**
     * Puts memory, all zeros, behind further bytes.
     *
     * @param bytes a multiple of the page size
     * @return whether there is memory and the range is long enough; if not, nothing has changed
     */
    public boolean commit(long bytes) {
        if (bytes > range.byteSize() - committed) {
            return false;
        }
        long end = address() + committed;
        int protection = Libc.PROT_READ() | Libc.PROT_WRITE();
        if ((int) IntegerCall.call(MPROTECT, end, bytes, protection, 0, 0, 0) != 0) {
            return false;
        }
        committed += bytes;
        return true;
    }
}
