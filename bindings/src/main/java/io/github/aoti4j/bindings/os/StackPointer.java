package io.github.aoti4j.bindings.os;

import java.lang.invoke.MethodHandle;

/**
 * Reads the stack pointer of the calling thread.
 *
 * <p>No function of the C library returns it without a system call ({@code getcontext} makes one,
 * 200 ns), so this is a function of two instructions in a page of its own ({@link CodePage}).
 */
final class StackPointer {
    /** {@code mov rax, rsp; ret}. */
    private static final byte[] X86_64 = {0x48, (byte) 0x89, (byte) 0xe0, (byte) 0xc3};

    /** {@code mov x0, sp; ret}. */
    private static final byte[] AARCH64 = {
        (byte) 0xe0, 0x03, 0x00, (byte) 0x91, (byte) 0xc0, 0x03, 0x5f, (byte) 0xd6
    };

    /** Reads a register, so the JVM need not know that the thread is in native code (4 ns). */
    private static final MethodHandle GET = IntegerCall.getter(CodePage.load(X86_64, AARCH64));

    private StackPointer() {}

    /** Returns the current end of this thread's stack. */
    static long get() {
        try {
            return (long) GET.invokeExact();
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
