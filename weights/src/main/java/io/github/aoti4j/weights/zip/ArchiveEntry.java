package io.github.aoti4j.weights.zip;

/**
 * A stored entry of a zip file: where its bytes lie, uncompressed, within the zip. Or a file of an
 * unpacked one.
 *
 * @param name the full name inside the zip or the folder, segments separated by {@code /}
 * @param offset of the payload from the start of the zip; 0 in a folder, where it is a file of its
 *     own
 * @param size bytes of payload
 * @param crc32 the checksum that the zip records, unsigned; {@link #NO_CRC} in a folder
 */
public record ArchiveEntry(String name, long offset, long size, long crc32) {
    /** No checksum is recorded. */
    public static final long NO_CRC = -1;

    /**
     * Returns whether this entry stands for a folder; such entries are optional and have no
     * payload.
     */
    public boolean isDirectory() {
        return name.endsWith("/");
    }

    /** Returns the last segment of the name; empty for a directory. */
    public String fileName() {
        return name.substring(name.lastIndexOf('/') + 1);
    }
}
