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

/** The code of {@link Machine#emptyStrided} and {@link Machine#delete} for 64-bit ARM. */
final class ShelfAarch64 {
    private static final int SIZES = TensorRecord.INLINE_SIZES;
    private static final int STRIDES = TensorRecord.INLINE_STRIDES;

    private ShelfAarch64() {}

    static byte[] emptyStrided() {
        return Aarch64.words(
                0x58000009, // ldr x9, distance
                0x350006c4, // cbnz w4, slow
                0xb40006a9, // cbz x9, slow
                0xd53bd04a, // mrs x10, tpidr_el0
                0xd346954b, // ubfx x11, x10, #6, #32
                0x528f362c, // mov w12, #0x79b1
                0x72b3c6ec, // movk w12, #0x9e37, lsl #16
                0x1b0c7d6b, // mul w11, w11, w12
                0x53177d6b, // lsr w11, w11, #23
                0x8b0b1929, // add x9, x9, x11, lsl #6
                0xf940012b, // probe: ldr x11, [x9]
                0xeb0a017f, // cmp x11, x10
                0x54000080, // b.eq found
                0x91010129, // add x9, x9, #64
                0xb5ffff8b, // cbnz x11, probe
                0x14000028, // b slow
                0xf9400529, // found: ldr x9, [x9, #8]
                0xb40004c9, // cbz x9, slow
                0xaa0903ea, // mov x10, x9
                0xf9400148 | longOffset(NEXT), // next: ldr x8, [x10, #NEXT]
                0xb4000468, // cbz x8, slow
                0xb940010b | wordOffset(DTYPE), // ldr w11, [x8, #DTYPE]
                0x6b03017f, // cmp w11, w3
                0x54000201, // b.ne skip
                0xf940010b | longOffset(RANK), // ldr x11, [x8, #RANK]
                0xeb00017f, // cmp x11, x0
                0x540001a1, // b.ne skip
                0x9100010c | SIZES << 10, // add x12, x8, #SIZES
                0x9100010d | STRIDES << 10, // add x13, x8, #STRIDES
                0xf100056b, // compare: subs x11, x11, #1
                0x54000164, // b.mi match
                0xf86b782e, // ldr x14, [x1, x11, lsl #3]
                0xf86b798f, // ldr x15, [x12, x11, lsl #3]
                0xeb0f01df, // cmp x14, x15
                0x540000a1, // b.ne skip
                0xf86b784e, // ldr x14, [x2, x11, lsl #3]
                0xf86b79af, // ldr x15, [x13, x11, lsl #3]
                0xeb0f01df, // cmp x14, x15
                0x54fffee0, // b.eq compare
                0xaa0803ea, // skip: mov x10, x8
                0x17ffffeb, // b next
                0xf940010b | longOffset(NEXT), // match: ldr x11, [x8, #NEXT]
                0xf900014b | longOffset(NEXT), // str x11, [x10, #NEXT]
                0xf940012b | longOffset(ROOM), // ldr x11, [x9, #ROOM]
                0x9100056b, // add x11, x11, #1
                0xf900012b | longOffset(ROOM), // str x11, [x9, #ROOM]
                0xb940010b | wordOffset(REUSABLE), // ldr w11, [x8, #REUSABLE]
                0xf940012c | longOffset(BYTES), // ldr x12, [x9, #BYTES]
                0xcb0b018c, // sub x12, x12, x11
                0xf900012c | longOffset(BYTES), // str x12, [x9, #BYTES]
                0x5280000b | LIVE << 5, // mov w11, #LIVE
                0xb900010b | wordOffset(STATE), // str w11, [x8, #STATE]
                0xf90000c8, // str x8, [x6]
                0x52800000, // mov w0, #0
                0xd65f03c0, // ret
                0x58000010, // slow: ldr x16, distance
                0xd61f0200); // br x16
    }

    /** A block's count of references lies 64 bytes before it. */
    static byte[] delete() {
        return Aarch64.words(
                0x58000009, // ldr x9, distance
                0xb4000620, // cbz x0, slow
                0xb940000a | wordOffset(LENT), // ldr w10, [x0, #LENT]
                0x3400006a, // cbz w10, own
                0x52800000, // mov w0, #0
                0xd65f03c0, // ret
                0xb940000c | wordOffset(REUSABLE), // own: ldr w12, [x0, #REUSABLE]
                0x3400056c, // cbz w12, slow
                0xb940000a | wordOffset(STATE), // ldr w10, [x0, #STATE]
                0x7100015f | LIVE << 10, // cmp w10, #LIVE
                0x54000501, // b.ne slow
                0xf940000a | longOffset(STORAGE), // ldr x10, [x0, #STORAGE]
                0xd101014a, // sub x10, x10, #64
                0xc8dffd4a, // ldar x10, [x10]
                0xf100055f, // cmp x10, #1
                0x54000461, // b.ne slow
                0xb4000449, // cbz x9, slow
                0xd53bd04a, // mrs x10, tpidr_el0
                0xd346954b, // ubfx x11, x10, #6, #32
                0x528f362c, // mov w12, #0x79b1
                0x72b3c6ec, // movk w12, #0x9e37, lsl #16
                0x1b0c7d6b, // mul w11, w11, w12
                0x53177d6b, // lsr w11, w11, #23
                0x8b0b1929, // add x9, x9, x11, lsl #6
                0xf940012b, // probe: ldr x11, [x9]
                0xeb0a017f, // cmp x11, x10
                0x54000080, // b.eq found
                0x91010129, // add x9, x9, #64
                0xb5ffff8b, // cbnz x11, probe
                0x14000015, // b slow
                0xf9400529, // found: ldr x9, [x9, #8]
                0xb4000269, // cbz x9, slow
                0xf940000a | longOffset(OWNER), // ldr x10, [x0, #OWNER]
                0xf940012b | longOffset(OWNER), // ldr x11, [x9, #OWNER]
                0xeb0b015f, // cmp x10, x11
                0x540001e1, // b.ne slow
                0xf940012a | longOffset(ROOM), // ldr x10, [x9, #ROOM]
                0xb40001aa, // cbz x10, slow
                0xd100054a, // sub x10, x10, #1
                0xf900012a | longOffset(ROOM), // str x10, [x9, #ROOM]
                0xb940000c | wordOffset(REUSABLE), // ldr w12, [x0, #REUSABLE]
                0xf940012a | longOffset(BYTES), // ldr x10, [x9, #BYTES]
                0x8b0c014a, // add x10, x10, x12
                0xf900012a | longOffset(BYTES), // str x10, [x9, #BYTES]
                0xb900001f | wordOffset(STATE), // str wzr, [x0, #STATE]
                0xf940012a | longOffset(NEXT), // ldr x10, [x9, #NEXT]
                0xf900000a | longOffset(NEXT), // str x10, [x0, #NEXT]
                0xf9000120 | longOffset(NEXT), // str x0, [x9, #NEXT]
                0x52800000, // mov w0, #0
                0xd65f03c0, // ret
                0x58000010, // slow: ldr x16, distance
                0xd61f0200); // br x16
    }

    private static int wordOffset(int bytes) {
        return Aarch64.wordOffset(bytes);
    }

    private static int longOffset(int bytes) {
        return Aarch64.longOffset(bytes);
    }
}
