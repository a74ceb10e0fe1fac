package io.github.aoti4j.weights.mapped;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32;

/** What the JDK does with byte buffers, for memory of any size. */
public final class MemorySegments {
    /** Also bounds the copy that a channel makes of memory outside the heap. */
    private static final int CHUNK = 1 << 20;

    private MemorySegments() {}

    /** Returns a new SHA-256, which every JDK has. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    public static void update(MessageDigest digest, MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            digest.update(chunk(bytes, at));
        }
    }

    public static long crc32(MemorySegment bytes) {
        var crc = new CRC32();
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            crc.update(chunk(bytes, at));
        }
        return crc.getValue();
    }

    /** Writes all of the bytes at the channel's position. */
    public static void write(MemorySegment bytes, WritableByteChannel channel) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            ByteBuffer chunk = chunk(bytes, at);
            while (chunk.hasRemaining()) {
                channel.write(chunk);
            }
        }
    }

    private static ByteBuffer chunk(MemorySegment bytes, long at) {
        return bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer();
    }
}
