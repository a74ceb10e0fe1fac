package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Reads the stack pointer of the calling thread.
 *
 * <p>No function of the C library returns it without a system call ({@code getcontext} makes one,
 * 200 ns), so this is a function of two instructions in a page of its own. The JVM needs the
 * permission to make code at run time for its own compiler.
 */
final class StackPointer {
    /** {@code mov rax, rsp; ret}. */
    private static final byte[] X86_64 = {0x48, (byte) 0x89, (byte) 0xe0, (byte) 0xc3};

    /** {@code mov x0, sp; ret}. */
    private static final byte[] AARCH64 = {
        (byte) 0xe0, 0x03, 0x00, (byte) 0x91, (byte) 0xc0, 0x03, 0x5f, (byte) 0xd6
    };

    /** {@code MAP_ANONYMOUS} of all Linux systems on these processors. */
    static final int MAP_ANONYMOUS = 0x20;

    /** Reads a register, so the JVM need not know that the thread is in native code (4 ns). */
    private static final MethodHandle GET = IntegerCall.getter(load(instructions()));

    private StackPointer() {}

    /** Returns the current end of this thread's stack. */
    static long get() {
        try {
            return (long) GET.invokeExact();
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    private static byte[] instructions() {
        String machine = System.getProperty("os.arch");
        return switch (machine) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64" -> AARCH64;
            default ->
                    throw new IncompatibleModelException(
                            "aoti4j does not know the instructions of " + machine);
        };
    }

    /** Maps code for the life of the process. */
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
