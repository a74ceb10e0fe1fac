package io.github.aoti4j.bindings.os;

import java.lang.foreign.MemorySegment;

/**
 * A function that calls another one, whose address and arguments are in memory: its first argument
 * points to them. It jumps and leaves no frame, so that an exception of C++ passes from the
 * function to the caller.
 */
public final class TailCall {
    /** Where in the memory the function's address is; what lies before is the caller's. */
    public static final long TARGET = 8;

    /** Where the six arguments are. */
    public static final long ARGUMENTS = 16;

    /** Where the address of a result is that does not fit into registers; for AArch64 only. */
    public static final long RESULT = 64;

    public static final long BYTES = 72;

    private static final byte[] X86_64 =
            bytes(
                    0x48, 0x89, 0xf8, // mov rax, rdi
                    0x48, 0x8b, 0x78, 16, // mov rdi, [rax + 16]
                    0x48, 0x8b, 0x70, 24, // mov rsi, [rax + 24]
                    0x48, 0x8b, 0x50, 32, // mov rdx, [rax + 32]
                    0x48, 0x8b, 0x48, 40, // mov rcx, [rax + 40]
                    0x4c, 0x8b, 0x40, 48, // mov r8, [rax + 48]
                    0x4c, 0x8b, 0x48, 56, // mov r9, [rax + 56]
                    0xff, 0x60, 8); // jmp [rax + 8]

    private static final byte[] AARCH64 =
            words(
                    0xaa0003e9, // mov x9, x0
                    0xf9400530, // ldr x16, [x9, #8]
                    0xf9400920, // ldr x0, [x9, #16]
                    0xf9400d21, // ldr x1, [x9, #24]
                    0xf9401122, // ldr x2, [x9, #32]
                    0xf9401523, // ldr x3, [x9, #40]
                    0xf9401924, // ldr x4, [x9, #48]
                    0xf9401d25, // ldr x5, [x9, #56]
                    0xf9402128, // ldr x8, [x9, #64]
                    0xd61f0200); // br x16

    private static final MemorySegment FUNCTION = CodePage.load(X86_64, AARCH64);

    private TailCall() {}

    /** Returns the function, which lives as long as the process. */
    public static MemorySegment function() {
        return FUNCTION;
    }

    private static byte[] bytes(int... values) {
        byte[] code = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            code[i] = (byte) values[i];
        }
        return code;
    }

    private static byte[] words(int... values) {
        byte[] code = new byte[values.length * Integer.BYTES];
        for (int i = 0; i < code.length; i++) {
            code[i] = (byte) (values[i / Integer.BYTES] >>> (i % Integer.BYTES * Byte.SIZE));
        }
        return code;
    }
}
