package io.github.aoti4j.bindings.stub;

import static io.github.aoti4j.bindings.stub.TensorRecord.LIVE;
import static io.github.aoti4j.bindings.stub.TensorRecord.RANK;
import static io.github.aoti4j.bindings.stub.TensorRecord.STATE;

import io.github.aoti4j.bindings.elf.Elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Machine code for 64-bit ARM. Arguments are in x0 to x7, the result is in x0; x16 may be used by
 * whatever is between a call and its target.
 */
final class Aarch64 implements Machine {
    private static final int RET = 0xd65f03c0; // ret
    private static final int SUCCESS = 0x52800000; // mov w0, #0
    private static final int FAILURE = 0x52800020; // mov w0, #1
    private static final int LOAD_TARGET = 0x58000010; // ldr x16, distance
    private static final int JUMP = 0xd61f0200; // br x16

    @Override
    public int elfNumber() {
        return Elf.AARCH64;
    }

    @Override
    public byte[] accessor(Accessor accessor) {
        int value = accessor.value();
        return switch (accessor.kind()) {
            case CONSTANT -> words(0x52800000 | immediate(value), RET); // mov w0, #value
            case NOTHING -> words(RET);
            case LONG_FIELD -> longField(value);
            case INT_FIELD -> intField(value);
            case INT_VALUE -> intValue(value);
            case ELEMENT -> element(value);
            case IS_DEFINED -> isDefined();
        };
    }

    private static byte[] longField(int offset) {
        return words(
                0xb4000100, // cbz x0, fail
                0xb9400002 | wordOffset(STATE), // ldr w2, [x0, #STATE]
                0x7100005f | LIVE << 10, // cmp w2, #LIVE
                0x540000a1, // b.ne fail
                0xf9400002 | longOffset(offset), // ldr x2, [x0, #offset]
                0xf9000022, // str x2, [x1]
                SUCCESS,
                RET,
                FAILURE, // fail:
                RET);
    }

    private static byte[] intField(int offset) {
        return words(
                0xb4000100, // cbz x0, fail
                0xb9400002 | wordOffset(STATE), // ldr w2, [x0, #STATE]
                0x7100005f | LIVE << 10, // cmp w2, #LIVE
                0x540000a1, // b.ne fail
                0xb9400002 | wordOffset(offset), // ldr w2, [x0, #offset]
                0xb9000022, // str w2, [x1]
                SUCCESS,
                RET,
                FAILURE, // fail:
                RET);
    }

    private static byte[] intValue(int value) {
        return words(
                0xb4000100, // cbz x0, fail
                0xb9400002 | wordOffset(STATE), // ldr w2, [x0, #STATE]
                0x7100005f | LIVE << 10, // cmp w2, #LIVE
                0x540000a1, // b.ne fail
                value < 0
                        ? 0x12800002 | immediate(~value) // mov w2, #value
                        : 0x52800002 | immediate(value), // mov w2, #value
                0xb9000022, // str w2, [x1]
                SUCCESS,
                RET,
                FAILURE, // fail:
                RET);
    }

    private static byte[] element(int offset) {
        return words(
                0xb40001c0, // cbz x0, fail
                0xb9400003 | wordOffset(STATE), // ldr w3, [x0, #STATE]
                0x7100007f | LIVE << 10, // cmp w3, #LIVE
                0x54000161, // b.ne fail
                0xf9400004 | longOffset(RANK), // ldr x4, [x0, #RANK]
                0x8a81fc85, // and x5, x4, x1, asr #63; the rank if the dimension is negative
                0x8b050021, // add x1, x1, x5
                0xeb04003f, // cmp x1, x4
                0x540000c2, // b.hs fail; also if it is still negative
                0xf9400003 | longOffset(offset), // ldr x3, [x0, #offset]
                0xf8617863, // ldr x3, [x3, x1, lsl #3]
                0xf9000043, // str x3, [x2]
                SUCCESS,
                RET,
                FAILURE, // fail:
                RET);
    }

    /** LIVE is 1 and UNDEFINED 2. */
    private static byte[] isDefined() {
        return words(
                0xb4000120, // cbz x0, fail
                0xb9400002 | wordOffset(STATE), // ldr w2, [x0, #STATE]
                0x51000442, // sub w2, w2, #1
                0x7100045f, // cmp w2, #1
                0x540000a8, // b.hi fail
                0x52000042, // eor w2, w2, #1
                0x39000022, // strb w2, [x1]
                SUCCESS,
                RET,
                FAILURE, // fail:
                RET);
    }

    @Override
    public byte[] failing() {
        return words(FAILURE, RET);
    }

    @Override
    public byte[] succeeding() {
        return words(SUCCESS, RET);
    }

    @Override
    public byte[] givingExecutor() {
        return words(
                0xf9000043, // str x3, [x2]
                SUCCESS,
                RET);
    }

    @Override
    public byte[] jump() {
        return words(LOAD_TARGET, JUMP);
    }

    @Override
    public byte[] emptyStrided() {
        return ShelfAarch64.emptyStrided();
    }

    @Override
    public int threadsEnd() {
        return 2 * Integer.BYTES;
    }

    @Override
    public byte[] delete() {
        return ShelfAarch64.delete();
    }

    @Override
    public byte[] check() {
        return words(
                0x72001c1f, // tst w0, #0xff
                0x54000040, // b.eq failed
                RET,
                0xaa0403e0, // failed: mov x0, x4
                LOAD_TARGET,
                JUMP);
    }

    /**
     * One instruction follows the load, whose distance counts from itself, in words, and has 19
     * bits.
     */
    @Override
    public void refer(ByteBuffer code, int at, int end, int distance) {
        int load = end - 2 * Integer.BYTES;
        int words = (distance - load) / Integer.BYTES;
        if (words < 0 || words >= 1 << 18) {
            throw new IllegalStateException("out of a load's reach");
        }
        code.putInt(at + load, code.getInt(at + load) | words << 5);
    }

    /** Returns the bits of a 16-bit operand. */
    private static int immediate(int value) {
        return value << 5;
    }

    /** Returns the bits of an offset of a 32-bit load. */
    static int wordOffset(int bytes) {
        return (bytes / Integer.BYTES) << 10;
    }

    /** Returns the bits of an offset of a 64-bit load. */
    static int longOffset(int bytes) {
        return (bytes / Long.BYTES) << 10;
    }

    static byte[] words(int... words) {
        ByteBuffer code = ByteBuffer.allocate(words.length * Integer.BYTES);
        code.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(words);
        return code.array();
    }
}
