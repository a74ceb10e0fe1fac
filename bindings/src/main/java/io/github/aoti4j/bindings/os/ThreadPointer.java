package io.github.aoti4j.bindings.os;

import java.lang.invoke.MethodHandle;

/**
 * Reads the thread pointer, which tells the living threads of a process apart: the address of what
 * the C library keeps for each. Machine code reads it in one instruction.
 */
public final class ThreadPointer {
    /** {@code mov rax, fs:[0]; ret}: by the psABI the address of itself is the first word. */
    private static final byte[] X86_64 = {
        0x64, 0x48, (byte) 0x8b, 0x04, 0x25, 0, 0, 0, 0, (byte) 0xc3
    };

    /** {@code mrs x0, tpidr_el0; ret}. */
    private static final byte[] AARCH64 = {
        0x40, (byte) 0xd0, 0x3b, (byte) 0xd5, (byte) 0xc0, 0x03, 0x5f, (byte) 0xd6
    };

    private static final MethodHandle GET = IntegerCall.getter(CodePage.load(X86_64, AARCH64));

    private ThreadPointer() {}

    /** Returns the pointer of the thread that this runs on: of a virtual thread its carrier's. */
    public static long get() {
        try {
            return (long) GET.invokeExact();
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
