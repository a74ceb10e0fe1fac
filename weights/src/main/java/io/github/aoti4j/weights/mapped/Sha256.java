package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.core.Progress;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of memory of any size. */
final class Sha256 {
    /** How much is done between two reports. */
    private static final long SLICE = 64L << 20;

    private Sha256() {}

    /** Returns 64 lower-case hexadecimal digits. */
    static String of(MemorySegment bytes, String message, Progress progress) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
        long size = bytes.byteSize();
        progress.update(message, 0, size);
        for (long at = 0; at < size; ) {
            long length = Math.min(SLICE, size - at);
            digest.update(bytes.asSlice(at, length).asByteBuffer());
            at += length;
            progress.update(message, at, size);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
