package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;

/**
 * A range of addresses with memory behind its beginning, which grows on request. What is not in use
 * yet costs no memory and counts against no limit but that of address space ({@code ulimit -v}).
 *
 * <p>Unmapped when it is no longer reachable, if the class loader of this class may ever be. Not
 * thread-safe.
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
        int flags = Libc.MAP_PRIVATE() | Libc.MAP_NORESERVE() | CodePage.MAP_ANONYMOUS;
        MemorySegment mmap = IntegerCall.find("mmap");
        for (long bytes = most; bytes >= least; bytes /= 2) {
            long address = IntegerCall.call(mmap, 0, bytes, Libc.PROT_NONE(), flags, -1, 0);
            if (address != -1) {
                return new ReservedMemory(owned(address, bytes));
            }
        }
        throw new OutOfMemoryError("the system refuses " + least + " bytes of address space");
    }

    /**
     * The cleanup refers to classes of the JDK alone: what it refers to stays reachable until it
     * has run, and this class's loader would with all its static fields. Making it takes the first
     * load of a JVM long, so that it is left out where classes are never unloaded.
     */
    private static MemorySegment owned(long address, long bytes) {
        MemorySegment range = MemorySegment.ofAddress(address);
        return ClassLoader.getSystemClassLoader().equals(ReservedMemory.class.getClassLoader())
                ? range.reinterpret(bytes)
                : range.reinterpret(bytes, Arena.ofAuto(), unmapping(address, bytes));
    }

    /** Returns what unmaps a range. */
    @SuppressWarnings("unchecked")
    static Consumer<MemorySegment> unmapping(long address, long bytes) {
        MethodHandle unmap = IntegerCall.bound(MUNMAP, address, bytes, 0, 0, 0, 0);
        return MethodHandleProxies.asInterfaceInstance(
                Consumer.class,
                MethodHandles.dropArguments(
                        unmap.asType(MethodType.methodType(void.class)), 0, Object.class));
    }

    public long address() {
        return range.address();
    }

    long reserved() {
        return range.byteSize();
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
