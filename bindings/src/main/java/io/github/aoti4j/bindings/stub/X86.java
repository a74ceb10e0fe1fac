package io.github.aoti4j.bindings.stub;

import static io.github.aoti4j.bindings.stub.TensorRecord.LIVE;
import static io.github.aoti4j.bindings.stub.TensorRecord.RANK;
import static io.github.aoti4j.bindings.stub.TensorRecord.STATE;

import io.github.aoti4j.bindings.elf.Elf;

import java.nio.ByteBuffer;

/**
 * Machine code for x86-64. Arguments are in rdi, rsi, rdx, rcx, r8 and r9, the result is in rax.
 * Constants are from -128 to 127.
 */
final class X86 implements Machine {
    private static final int RET = 0xc3; // ret

    @Override
    public int elfNumber() {
        return Elf.X86_64;
    }

    @Override
    public byte[] accessor(Accessor accessor) {
        int value = accessor.value();
        return switch (accessor.kind()) {
            case CONSTANT -> constant(value);
            case NOTHING -> bytes(RET);
            case LONG_FIELD -> longField(value);
            case INT_FIELD -> intField(value);
            case INT_VALUE -> intValue(value);
            case ELEMENT -> element(value);
            case IS_DEFINED -> isDefined();
        };
    }

    private static byte[] constant(int value) {
        int sign = value >> 31;
        return bytes(
                0xb8, value, sign, sign, sign, // mov eax, value
                RET);
    }

    private static byte[] longField(int offset) {
        return bytes(
                0x48, 0x85, 0xff, // test rdi, rdi
                0x74, 0x10, // jz fail
                0x83, 0x7f, STATE, LIVE, // cmp dword ptr [rdi + STATE], LIVE
                0x75, 0x0a, // jne fail
                0x48, 0x8b, 0x47, offset, // mov rax, [rdi + offset]
                0x48, 0x89, 0x06, // mov [rsi], rax
                0x31, 0xc0, // xor eax, eax
                RET, //
                0xb8, 1, 0, 0, 0, // fail: mov eax, 1
                RET);
    }

    private static byte[] intField(int offset) {
        return bytes(
                0x48, 0x85, 0xff, // test rdi, rdi
                0x74, 0x0e, // jz fail
                0x83, 0x7f, STATE, LIVE, // cmp dword ptr [rdi + STATE], LIVE
                0x75, 0x08, // jne fail
                0x8b, 0x47, offset, // mov eax, [rdi + offset]
                0x89, 0x06, // mov [rsi], eax
                0x31, 0xc0, // xor eax, eax
                RET, //
                0xb8, 1, 0, 0, 0, // fail: mov eax, 1
                RET);
    }

    private static byte[] intValue(int value) {
        int sign = value >> 31;
        return bytes(
                0x48, 0x85, 0xff, // test rdi, rdi
                0x74, 0x0f, // jz fail
                0x83, 0x7f, STATE, LIVE, // cmp dword ptr [rdi + STATE], LIVE
                0x75, 0x09, // jne fail
                0xc7, 0x06, value, sign, sign, sign, // mov dword ptr [rsi], value
                0x31, 0xc0, // xor eax, eax
                RET, //
                0xb8, 1, 0, 0, 0, // fail: mov eax, 1
                RET);
    }

    private static byte[] element(int offset) {
        return bytes(
                0x48, 0x85, 0xff, // test rdi, rdi
                0x74, 0x2a, // jz fail
                0x83, 0x7f, STATE, LIVE, // cmp dword ptr [rdi + STATE], LIVE
                0x75, 0x24, // jne fail
                0x48, 0x8b, 0x4f, RANK, // mov rcx, [rdi + RANK]
                0x48, 0x89, 0xf0, // mov rax, rsi
                0x48, 0xc1, 0xf8, 63, // sar rax, 63
                0x48, 0x21, 0xc8, // and rax, rcx; the rank if the dimension is negative
                0x48, 0x01, 0xc6, // add rsi, rax
                0x48, 0x39, 0xce, // cmp rsi, rcx
                0x73, 0x0e, // jae fail; also if it is still negative
                0x48, 0x8b, 0x47, offset, // mov rax, [rdi + offset]
                0x48, 0x8b, 0x04, 0xf0, // mov rax, [rax + rsi * 8]
                0x48, 0x89, 0x02, // mov [rdx], rax
                0x31, 0xc0, // xor eax, eax
                RET, //
                0xb8, 1, 0, 0, 0, // fail: mov eax, 1
                RET);
    }

    /** LIVE is 1 and UNDEFINED 2. */
    private static byte[] isDefined() {
        return bytes(
                0x48, 0x85, 0xff, // test rdi, rdi
                0x74, 0x11, // jz fail
                0x8b, 0x47, STATE, // mov eax, [rdi + STATE]
                0xff, 0xc8, // dec eax
                0x83, 0xf8, 1, // cmp eax, 1
                0x77, 0x07, // ja fail
                0x34, 1, // xor al, 1
                0x88, 0x06, // mov [rsi], al
                0x31, 0xc0, // xor eax, eax
                RET, //
                0xb8, 1, 0, 0, 0, // fail: mov eax, 1
                RET);
    }

    @Override
    public byte[] failing() {
        return bytes(
                0xb8, 1, 0, 0, 0, // mov eax, 1
                RET);
    }

    @Override
    public byte[] succeeding() {
        return bytes(
                0x31, 0xc0, // xor eax, eax
                RET);
    }

    @Override
    public byte[] givingExecutor() {
        return bytes(
                0x48, 0x89, 0x0a, // mov [rdx], rcx
                0x31, 0xc0, // xor eax, eax
                RET);
    }

    @Override
    public byte[] jump() {
        return bytes(0xff, 0x25, 0, 0, 0, 0); // jmp [rip + distance]
    }

    @Override
    public byte[] emptyStrided() {
        return ShelfX86.emptyStrided();
    }

    @Override
    public int threadsEnd() {
        return 7; // mov r10, [rip + distance]
    }

    @Override
    public byte[] delete() {
        return ShelfX86.delete();
    }

    @Override
    public byte[] check() {
        return bytes(
                0x40, 0x84, 0xff, // test dil, dil
                0x74, 0x01, // jz failed
                RET, //
                0x4c, 0x89, 0xc7, // failed: mov rdi, r8
                0xff, 0x25, 0, 0, 0, 0); // jmp [rip + distance]
    }

    /** The distance is the last part of an instruction, and counts from its end. */
    @Override
    public void refer(ByteBuffer code, int at, int end, int distance) {
        code.putInt(at + end - Integer.BYTES, distance - end);
    }

    static byte[] bytes(int... values) {
        byte[] code = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            code[i] = (byte) values[i];
        }
        return code;
    }
}
