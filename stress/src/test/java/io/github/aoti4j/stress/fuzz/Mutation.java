package io.github.aoti4j.stress.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One way to damage a file.
 *
 * @param position where, modulo the length
 * @param value what to put there, or how far to go on
 */
record Mutation(Kind kind, int position, long value) {
    private static final Kind[] KINDS = Kind.values();

    private static final long[] NASTY = {
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
        SET_DIGIT,
        /** One of the words that mean something in the format. */
        WORD
    }

    /** Damages a copy of a file in up to three places. */
    static byte[] damage(byte[] good, List<byte[]> words, RandomGenerator random) {
        byte[] bytes = good.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            if (bytes.length > Long.BYTES) {
                bytes = random(random).apply(bytes, words);
            }
        }
        return bytes;
    }

    private static Mutation random(RandomGenerator random) {
        long value =
                random.nextBoolean() ? NASTY[random.nextInt(NASTY.length)] : random.nextInt(256);
        return new Mutation(KINDS[random.nextInt(KINDS.length)], random.nextInt(1 << 20), value);
    }

    /** May change the bytes that it is given. */
    private byte[] apply(byte[] bytes, List<byte[]> words) {
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
                return splice(bytes, at + some, new byte[0], at);
            }
            case REMOVE -> {
                return splice(bytes, at, new byte[0], at + some);
            }
            case SET_DIGIT -> {
                while (at < bytes.length && !(bytes[at] >= '0' && bytes[at] <= '9')) {
                    at++;
                }
                if (at < bytes.length) {
                    bytes[at] = (byte) ('0' + Math.floorMod(value, 10));
                }
            }
            case WORD -> {
                if (!words.isEmpty()) {
                    byte[] word = words.get(Math.floorMod(value, words.size()));
                    return splice(bytes, at, word, at);
                }
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int headEnd, byte[] between, int tailStart) {
        var out = new ByteArrayOutputStream();
        out.write(bytes, 0, headEnd);
        out.writeBytes(between);
        out.write(bytes, tailStart, bytes.length - tailStart);
        return out.toByteArray();
    }
}
