package io.github.aoti4j.internal.compile;

import io.github.aoti4j.weights.mapped.MemorySegments;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A line with the size and the checksum of a file that is not in a package. */
final class ChecksumLine {
    /** The line's length. */
    static final int BYTES = 29;

    private ChecksumLine() {}

    static byte[] of(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined();
                var channel = FileChannel.open(file)) {
            long size = channel.size();
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return "%019d %08x\n"
                    .formatted(size, MemorySegments.crc32(bytes))
                    .getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Returns whether a file, all of which is read, is what its line says. */
    static boolean fits(Path line, Path file) {
        try {
            return Arrays.equals(Files.readAllBytes(line), of(file));
        } catch (IOException e) {
            return false;
        }
    }
}
