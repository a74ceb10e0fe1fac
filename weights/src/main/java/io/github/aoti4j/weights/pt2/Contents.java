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
    /** What was opened. */
    Path path();

    /** The entries, in an order that does not change. */
    List<ArchiveEntry> entries();

    /** Finds an entry by its full name. */
    Optional<ArchiveEntry> find(String name);

    /**
     * The file that has an entry's bytes, from {@link ArchiveEntry#offset()} on: mapped once for
     * all who ask, and owned by this.
     */
    MappedFile file(ArchiveEntry entry);

    /** Keeps what is mapped beyond {@link #close()}; throws if this is closed already. */
    Lease hold();

    /** The bytes of an entry, read-only. */
    MemorySegment segment(ArchiveEntry entry);

    /** Compares an entry's bytes with the checksum that the archive has of it, if it has one. */
    void checkCrc(ArchiveEntry entry);

    /** The checksum of an entry's bytes: the archive's own, or where it has none, computed. */
    long crc32(ArchiveEntry entry);

    /** Hands nothing out any more; what has been shared stays. */
    @Override
    void close();
}
