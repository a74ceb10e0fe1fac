package io.github.aoti4j.internal.compile;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;

/** A line that tells the size and the checksum of a file that nothing else tells it of. */
final class ChecksumLine {
    /** The line's length. */
    static final int BYTES = 29;

    private static final int CHUNK = 1 << 30;

    private ChecksumLine() {}

    static byte[] of(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined();
                var channel = FileChannel.open(file)) {
            long size = channel.size();
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return "%019d %08x\n".formatted(size, crc(bytes)).getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Returns whether a file is what its line says. Reads all of it. */
    static boolean fits(Path line, Path file) {
        try {
            return Arrays.equals(Files.readAllBytes(line), of(file));
        } catch (IOException e) {
            return false;
        }
    }

    static long crc(MemorySegment bytes) {
        var crc = new CRC32();
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            long length = Math.min(CHUNK, bytes.byteSize() - at);
            crc.update(bytes.asSlice(at, length).asByteBuffer());
        }
        return crc.getValue();
    }
}
