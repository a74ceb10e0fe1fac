package io.github.aoti4j.bindings.elf;

import io.github.aoti4j.core.AotiException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Function;

/** The bytes of an ELF file, little-endian, and no byte outside them. */
final class ElfBytes {
    private static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bytes;
    private final Function<String, AotiException> failure;

    /**
     * Makes a reader.
     *
     * @param failure makes an exception that says which file has a problem
     */
    ElfBytes(MemorySegment bytes, Function<String, AotiException> failure) {
        this.bytes = bytes;
        this.failure = failure;
    }

    long size() {
        return bytes.byteSize();
    }

    int u8(long offset) {
        return bytes.get(ValueLayout.JAVA_BYTE, require(offset, 1)) & 0xff;
    }

    int u16(long offset) {
        return bytes.get(U16, require(offset, 2)) & 0xffff;
    }

    long u32(long offset) {
        return bytes.get(U32, require(offset, 4)) & 0xffff_ffffL;
    }

    /** A 64-bit number. The large ones turn up negative, which no bounds check accepts. */
    long u64(long offset) {
        return bytes.get(U64, require(offset, 8));
    }

    MemorySegment slice(long offset, long length) {
        return bytes.asSlice(require(offset, length), length);
    }

    /** Returns the offset if {@code length} bytes lie there. */
    long require(long offset, long length) {
        if (offset < 0 || length < 0 || length > size() || offset > size() - length) {
            throw damaged(
                    "it is truncated: %d bytes at offset %d lie outside its %d bytes"
                            .formatted(length, offset, size()));
        }
        return offset;
    }

    AotiException damaged(String problem) {
        return failure.apply(problem);
    }
}
