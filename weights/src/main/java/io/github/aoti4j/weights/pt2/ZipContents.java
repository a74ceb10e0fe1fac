package io.github.aoti4j.weights.pt2;

import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.zip.ArchiveEntry;
import io.github.aoti4j.weights.zip.ZipIndex;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The entries of a zip, in a file or in memory. */
final class ZipContents implements Contents {
    private final MappedFile file;
    private final ZipIndex zip;

    /** Owns the file if this succeeds. */
    ZipContents(MappedFile file) {
        this.file = file;
        this.zip = ZipIndex.read(file.segment(), file.path(), "");
    }

    @Override
    public Path path() {
        return file.path();
    }

    @Override
    public List<ArchiveEntry> entries() {
        return zip.entries();
    }

    @Override
    public Optional<ArchiveEntry> find(String name) {
        return zip.find(name);
    }

    @Override
    public MappedFile file(ArchiveEntry entry) {
        file.requireOpen();
        return file;
    }

    @Override
    public Lease hold() {
        return file.hold();
    }

    /** The zip itself. */
    MappedFile file() {
        return file;
    }

    @Override
    public MemorySegment segment(ArchiveEntry entry) {
        file.requireOpen();
        return zip.segment(entry);
    }

    @Override
    public void checkCrc(ArchiveEntry entry) {
        file.requireOpen();
        zip.checkCrc(entry);
    }

    @Override
    public long crc32(ArchiveEntry entry) {
        return entry.crc32();
    }

    @Override
    public void close() {
        file.close();
    }
}
