package io.github.aoti4j.weights.pt2;

import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What an archive holds, by name: the entries of a zip, or the files of a folder. Thread-safe. */
sealed interface Contents extends AutoCloseable permits ZipContents, FolderContents {
    Path path();

    /** Returns the entries, in an order that does not change. */
    List<ArchiveEntry> entries();

    Optional<ArchiveEntry> find(String name);

    /**
     * Returns the file that has an entry's bytes, from {@link ArchiveEntry#offset()} on: mapped
     * once, and owned by this.
     */
    MappedFile file(ArchiveEntry entry);

    Lease hold();

    /** Returns the bytes of an entry, read-only. */
    MemorySegment segment(ArchiveEntry entry);

    /** Compares an entry's bytes with the checksum that the archive has of it, if it has one. */
    void checkCrc(ArchiveEntry entry);

    /**
     * Returns the checksum of an entry's bytes: the archive's own, or where it has none, computed.
     */
    long crc32(ArchiveEntry entry);

    /** Ends access; what has been shared stays. */
    @Override
    void close();
}
