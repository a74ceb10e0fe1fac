package io.github.aoti4j.weights;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.RandomDistribution;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * One way to damage a file.
 *
 * @param position where, modulo the length
 * @param value what to put there, or how far to go on
 */
record Mutation(Kind kind, int position, long value) {
    private static final int MAX_POSITION = 1 << 16;

    private static final Long[] NASTY = {
        0L,
        1L,
        0x7FL,
        0x80L,
        0xFFL,
        0x7FFFL,
        0xFFFFL,
        0x7FFFFFFFL,
        0x80000000L,
        0xFFFFFFFFL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1L
    };

    enum Kind {
        FLIP_BIT,
        SET_BYTE,
        SET_SHORT,
        SET_INT,
        SET_LONG,
        CUT,
        REPEAT,
        REMOVE,
        /** A digit for a digit: in JSON most other changes end in the parser. */
        SET_DIGIT
    }

    /** Up to three of them. */
    static Arbitrary<List<Mutation>> some() {
        var positions =
                Arbitraries.integers()
                        .between(0, MAX_POSITION)
                        .withDistribution(RandomDistribution.uniform());
        var values =
                Arbitraries.oneOf(
                        Arbitraries.of(NASTY),
                        Arbitraries.longs()
                                .between(0, 255)
                                .withDistribution(RandomDistribution.uniform()));
        return Combinators.combine(Arbitraries.of(Kind.values()), positions, values)
                .as(Mutation::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    static byte[] apply(List<Mutation> mutations, byte[] good) {
        byte[] bytes = good.clone();
        for (var mutation : mutations) {
            if (bytes.length > Long.BYTES) {
                bytes = mutation.apply(bytes);
            }
        }
        return bytes;
    }

    /** May change the bytes that it is given. */
    private byte[] apply(byte[] bytes) {
        int at = position % (bytes.length - Long.BYTES);
        var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int some = (int) (value & 7);
        switch (kind) {
            case FLIP_BIT -> bytes[at] ^= (byte) (1 << some);
            case SET_BYTE -> bytes[at] = (byte) value;
            case SET_SHORT -> buffer.putShort(at, (short) value);
            case SET_INT -> buffer.putInt(at, (int) value);
            case SET_LONG -> buffer.putLong(at, value);
            case CUT -> {
                return Arrays.copyOf(bytes, at + 1);
            }
            case REPEAT -> {
                return splice(bytes, at + some, at);
            }
            case REMOVE -> {
                return splice(bytes, at, at + some);
            }
            case SET_DIGIT -> {
                while (at < bytes.length && !(bytes[at] >= '0' && bytes[at] <= '9')) {
                    at++;
                }
                if (at < bytes.length) {
                    bytes[at] = (byte) ('0' + Math.floorMod(value, 10));
                }
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int headEnd, int tailStart) {
        var out = new ByteArrayOutputStream();
        out.write(bytes, 0, headEnd);
        out.write(bytes, tailStart, bytes.length - tailStart);
        return out.toByteArray();
    }
}
