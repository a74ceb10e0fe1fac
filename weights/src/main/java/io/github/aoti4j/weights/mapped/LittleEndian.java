package io.github.aoti4j.weights.mapped;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Fields of the file formats: little-endian, at any alignment, unsigned where it matters. */
public final class LittleEndian {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private LittleEndian() {}

    public static int u16(MemorySegment segment, long offset) {
        return Short.toUnsignedInt(segment.get(SHORT, offset));
    }

    public static long u32(MemorySegment segment, long offset) {
        return Integer.toUnsignedLong(segment.get(INT, offset));
    }

    /** The bits of a 64-bit field; negative means 2^63 or more. */
    public static long i64(MemorySegment segment, long offset) {
        return segment.get(LONG, offset);
    }
}
