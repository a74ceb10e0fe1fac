package io.github.aoti4j.weights.mapped;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
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
        chunks(bytes).forEach(digest::update);
    }

    public static long crc32(MemorySegment bytes) {
        var crc = new CRC32();
        chunks(bytes).forEach(crc::update);
        return crc.getValue();
    }

    /** Writes all of the bytes at the channel's position. */
    public static void write(MemorySegment bytes, WritableByteChannel channel) throws IOException {
        if (bytes.isNative()) {
            for (ByteBuffer chunk : chunks(bytes)) {
                write(chunk, channel);
            }
            return;
        }
        // A heap array need not be one of bytes, and only those make buffers.
        try (var scratch = Arena.ofConfined()) {
            var copy = scratch.allocate(Math.min(CHUNK, bytes.byteSize()));
            for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
                long length = Math.min(CHUNK, bytes.byteSize() - at);
                MemorySegment.copy(bytes, at, copy, 0, length);
                write(copy.asSlice(0, length).asByteBuffer(), channel);
            }
        }
    }

    private static void write(ByteBuffer buffer, WritableByteChannel channel) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Returns the bytes in pieces that fit into buffers. */
    public static List<ByteBuffer> chunks(MemorySegment bytes) {
        List<ByteBuffer> chunks = new ArrayList<>();
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            long length = Math.min(CHUNK, bytes.byteSize() - at);
            chunks.add(bytes.asSlice(at, length).asByteBuffer());
        }
        return chunks;
    }
}
