package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;

/**
 * Puts functions of a few instructions into memory. The JVM needs the permission to make code at
 * run time for its own compiler.
 */
final class CodePage {
    /** {@code MAP_ANONYMOUS} of all Linux systems on these processors. */
    static final int MAP_ANONYMOUS = 0x20;

    private CodePage() {}

    /** Maps the code for this processor, in a page of its own, for the life of the process. */
    static MemorySegment load(byte[] x86, byte[] aarch64) {
        String machine = System.getProperty("os.arch");
        return switch (machine) {
            case "amd64", "x86_64" -> load(x86);
            case "aarch64" -> load(aarch64);
            default ->
                    throw new IncompatibleModelException(
                            "aoti4j does not know the instructions of " + machine);
        };
    }

    private static MemorySegment load(byte[] code) {
        long size = Pages.SIZE;
        int readWrite = Libc.PROT_READ() | Libc.PROT_WRITE();
        int flags = Libc.MAP_PRIVATE() | MAP_ANONYMOUS;
        long address = IntegerCall.call(IntegerCall.find("mmap"), 0, size, readWrite, flags, -1, 0);
        if (address == -1) {
            throw refused("mmap");
        }
        MemorySegment page = MemorySegment.ofAddress(address).reinterpret(size);
        MemorySegment.copy(code, 0, page, JAVA_BYTE, 0, code.length);
        // The kernel makes the instructions visible to the processor with the permission.
        int readExecute = Libc.PROT_READ() | Libc.PROT_EXEC();
        MemorySegment protect = IntegerCall.find("mprotect");
        if ((int) IntegerCall.call(protect, address, size, readExecute, 0, 0, 0) != 0) {
            long _ = IntegerCall.call(IntegerCall.find("munmap"), address, size, 0, 0, 0, 0);
            throw refused("mprotect");
        }
        return page;
    }

    private static NativeException refused(String function) {
        return new NativeException(
                function, "the system refuses memory for code, which the JVM itself needs too");
    }
}
