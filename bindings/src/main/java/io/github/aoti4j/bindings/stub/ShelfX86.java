package io.github.aoti4j.bindings.stub;

import static io.github.aoti4j.bindings.stub.Shelf.BYTES;
import static io.github.aoti4j.bindings.stub.Shelf.ROOM;
import static io.github.aoti4j.bindings.stub.TensorRecord.DTYPE;
import static io.github.aoti4j.bindings.stub.TensorRecord.LENT;
import static io.github.aoti4j.bindings.stub.TensorRecord.LIVE;
import static io.github.aoti4j.bindings.stub.TensorRecord.NEXT;
import static io.github.aoti4j.bindings.stub.TensorRecord.OWNER;
import static io.github.aoti4j.bindings.stub.TensorRecord.RANK;
import static io.github.aoti4j.bindings.stub.TensorRecord.REUSABLE;
import static io.github.aoti4j.bindings.stub.TensorRecord.STATE;
import static io.github.aoti4j.bindings.stub.TensorRecord.STORAGE;

/** The code of {@link Machine#emptyStrided} and {@link Machine#delete} for x86-64. */
final class ShelfX86 {
    private static final int SIZES = TensorRecord.INLINE_SIZES;
    private static final int STRIDES = TensorRecord.INLINE_STRIDES;
    private static final int RET = 0xc3;

    private ShelfX86() {}

    /**
     * The device type is in r8, which is 0 or not looked at again. What lies on the stack is the
     * address of the result.
     */
    static byte[] emptyStrided() {
        return X86.bytes(
                0x4c, 0x8b, 0x15, 0, 0, 0, 0, // mov r10, [rip + distance]
                0x45, 0x85, 0xc0, // test r8d, r8d
                0x0f, 0x85, 0xaf, 0, 0, 0, // jnz slow
                0x4d, 0x85, 0xd2, // test r10, r10
                0x0f, 0x84, 0xa6, 0, 0, 0, // jz slow
                0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0, // mov rax, fs:[0]
                0x49, 0x89, 0xc3, // mov r11, rax
                0x49, 0xc1, 0xeb, 6, // shr r11, 6
                0x45, 0x69, 0xdb, 0xb1, 0x79, 0x37, 0x9e, // imul r11d, r11d, 0x9e3779b1
                0x41, 0xc1, 0xeb, 0x17, // shr r11d, 23
                0x41, 0xc1, 0xe3, 6, // shl r11d, 6
                0x4d, 1, 0xda, // add r10, r11
                0x4d, 0x8b, 0x1a, // probe: mov r11, [r10]
                0x49, 0x39, 0xc3, // cmp r11, rax
                0x74, 0x0b, // je found
                0x49, 0x83, 0xc2, 0x40, // add r10, 64
                0x4d, 0x85, 0xdb, // test r11, r11
                0x75, 0xef, // jnz probe
                0xeb, 0x71, // jmp slow
                0x4d, 0x8b, 0x52, 8, // found: mov r10, [r10 + 8]
                0x4d, 0x85, 0xd2, // test r10, r10
                0x74, 0x68, // jz slow
                0x53, // push rbx
                0x4d, 0x89, 0xd3, // mov r11, r10
                0x49, 0x8b, 0x43, NEXT, // next: mov rax, [r11 + NEXT]
                0x48, 0x85, 0xc0, // test rax, rax
                0x74, 0x57, // jz none
                0x39, 0x48, DTYPE, // cmp [rax + DTYPE], ecx
                0x75, 0x27, // jne skip
                0x48, 0x39, 0x78, RANK, // cmp [rax + RANK], rdi
                0x75, 0x21, // jne skip
                0x49, 0x89, 0xf8, // mov r8, rdi
                0x49, 0xff, 0xc8, // compare: dec r8
                0x78, 0x1e, // js match
                0x4a, 0x8b, 0x1c, 0xc6, // mov rbx, [rsi + r8*8]
                0x4a, 0x3b, 0x5c, 0xc0, SIZES, // cmp rbx, [rax + r8*8 + SIZES]
                0x75, 0x0e, // jne skip
                0x4a, 0x8b, 0x1c, 0xc2, // mov rbx, [rdx + r8*8]
                0x4a, 0x3b, 0x9c, 0xc0, STRIDES, 0, 0, 0, // cmp rbx, [rax + r8*8 + STRIDES]
                0x74, 0xe2, // je compare
                0x49, 0x89, 0xc3, // skip: mov r11, rax
                0xeb, 0xc6, // jmp next
                0x48, 0x8b, 0x58, NEXT, // match: mov rbx, [rax + NEXT]
                0x49, 0x89, 0x5b, NEXT, // mov [r11 + NEXT], rbx
                0x49, 0xff, 0x42, ROOM, // inc [r10 + ROOM]
                0x8b, 0x58, REUSABLE, // mov ebx, [rax + REUSABLE]
                0x49, 0x29, 0x5a, BYTES, // sub [r10 + BYTES], rbx
                0xc7, 0x40, STATE, LIVE, 0, 0, 0, // mov [rax + STATE], LIVE
                0x48, 0x8b, 0x5c, 0x24, 0x10, // mov rbx, [rsp + 16]
                0x48, 0x89, 3, // mov [rbx], rax
                0x5b, // pop rbx
                0x31, 0xc0, // xor eax, eax
                RET, // ret
                0x5b, // none: pop rbx
                0x45, 0x31, 0xc0, // xor r8d, r8d
                0xff, 0x25, 0, 0, 0, 0); // slow: jmp [rip + distance]
    }

    /** A block's count of references lies 64 bytes before it. */
    static byte[] delete() {
        return X86.bytes(
                0x4c, 0x8b, 0x15, 0, 0, 0, 0, // mov r10, [rip + distance]
                0x48, 0x85, 0xff, // test rdi, rdi
                0x0f, 0x84, 0x9d, 0, 0, 0, // jz slow
                0x83, 0x7f, LENT, 0, // cmp [rdi + LENT], 0
                0x74, 3, // je own
                0x31, 0xc0, // xor eax, eax
                RET, // ret
                0x83, 0x7f, REUSABLE, 0, // own: cmp [rdi + REUSABLE], 0
                0x0f, 0x84, 0x8a, 0, 0, 0, // je slow
                0x83, 0x7f, STATE, LIVE, // cmp [rdi + STATE], LIVE
                0x0f, 0x85, 0x80, 0, 0, 0, // jne slow
                0x48, 0x8b, 0x47, STORAGE, // mov rax, [rdi + STORAGE]
                0x48, 0x83, 0x78, 0xc0, 1, // cmp [rax-64], 1
                0x75, 0x75, // jne slow
                0x4d, 0x85, 0xd2, // test r10, r10
                0x74, 0x70, // jz slow
                0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0, // mov rax, fs:[0]
                0x49, 0x89, 0xc3, // mov r11, rax
                0x49, 0xc1, 0xeb, 6, // shr r11, 6
                0x45, 0x69, 0xdb, 0xb1, 0x79, 0x37, 0x9e, // imul r11d, r11d, 0x9e3779b1
                0x41, 0xc1, 0xeb, 0x17, // shr r11d, 23
                0x41, 0xc1, 0xe3, 6, // shl r11d, 6
                0x4d, 1, 0xda, // add r10, r11
                0x4d, 0x8b, 0x1a, // probe: mov r11, [r10]
                0x49, 0x39, 0xc3, // cmp r11, rax
                0x74, 0x0b, // je found
                0x49, 0x83, 0xc2, 0x40, // add r10, 64
                0x4d, 0x85, 0xdb, // test r11, r11
                0x75, 0xef, // jnz probe
                0xeb, 0x3b, // jmp slow
                0x4d, 0x8b, 0x52, 8, // found: mov r10, [r10 + 8]
                0x4d, 0x85, 0xd2, // test r10, r10
                0x74, 0x32, // jz slow
                0x48, 0x8b, 0x47, OWNER, // mov rax, [rdi + OWNER]
                0x49, 0x3b, 0x42, OWNER, // cmp rax, [r10 + OWNER]
                0x75, 0x28, // jne slow
                0x49, 0x83, 0x7a, ROOM, 0, // cmp [r10 + ROOM], 0
                0x74, 0x21, // je slow
                0x49, 0xff, 0x4a, ROOM, // dec [r10 + ROOM]
                0x8b, 0x47, REUSABLE, // mov eax, [rdi + REUSABLE]
                0x49, 1, 0x42, BYTES, // add [r10 + BYTES], rax
                0xc7, 0x47, STATE, 0, 0, 0, 0, // mov [rdi + STATE], 0
                0x49, 0x8b, 0x42, NEXT, // mov rax, [r10 + NEXT]
                0x48, 0x89, 0x47, NEXT, // mov [rdi + NEXT], rax
                0x49, 0x89, 0x7a, NEXT, // mov [r10 + NEXT], rdi
                0x31, 0xc0, // xor eax, eax
                RET, // ret
                0xff, 0x25, 0, 0, 0, 0); // slow: jmp [rip + distance]
    }
}
