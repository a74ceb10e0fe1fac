package io.github.aoti4j.weights.zip;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.mapped.MemorySegments;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The entries of a zip file in memory, with the place of each one's bytes.
 *
 * <p>Only stored entries are accepted, not compressed ones, since an entry is used in place.
 * Reading the index touches the central directory and each entry's own header; everything that the
 * zip says about itself is checked, but for the checksums of payloads, which {@link #checkCrc}
 * compares on demand.
 *
 * <p>Immutable and thread-safe. It lives as long as the segment it was read from.
 */
public final class ZipIndex {
    private final MemorySegment zip;
    private final ZipReader reader;
    private final List<ArchiveEntry> entries;
    private final Map<String, ArchiveEntry> byName;

    private ZipIndex(MemorySegment zip, Path path, String context) {
        this.zip = zip;
        this.reader = new ZipReader(zip, path, context);
        this.byName = reader.readEntries();
        this.entries = List.copyOf(byName.values());
    }

    /**
     * Reads the index of a zip.
     *
     * @param zip the bytes of the zip, and of nothing before it
     * @param context what {@code zip} is within that file, for messages: empty if it is the whole
     *     file, else for example {@code entry "data/weights/weight_0"}
     * @throws PackageException if this is not a zip, or one that is damaged, split, encrypted or
     *     compressed, or that has entries with duplicate or dangerous names
     */
    public static ZipIndex read(MemorySegment zip, Path path, String context) {
        return new ZipIndex(zip, path, context);
    }

    /** Returns all entries in the order of the central directory. */
    public List<ArchiveEntry> entries() {
        return entries;
    }

    public Optional<ArchiveEntry> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Returns the bytes of an entry in place. */
    public MemorySegment segment(ArchiveEntry entry) {
        return zip.asSlice(entry.offset(), entry.size());
    }

    /**
     * Compares an entry's payload with its checksum.
     *
     * @throws PackageException if they differ
     */
    public void checkCrc(ArchiveEntry entry) {
        long crc = MemorySegments.crc32(segment(entry));
        if (crc != entry.crc32()) {
            throw reader.badEntry(
                    entry.name(),
                    String.format(
                            "is damaged: its CRC-32 is %08x, the zip says %08x; copy or download"
                                    + " the file again",
                            crc, entry.crc32()));
        }
    }
}
