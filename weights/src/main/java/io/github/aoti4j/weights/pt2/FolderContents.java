package io.github.aoti4j.weights.pt2;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MemorySegments;
import io.github.aoti4j.weights.mapped.Share;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files of an unpacked package, each mapped when it is first asked for. */
final class FolderContents implements Contents {
    private final Path path;
    private final Map<String, FolderFile> files = new LinkedHashMap<>();
    private final List<ArchiveEntry> entries;
    private final Map<String, MappedFile> mapped = new HashMap<>();
    private final RefCounted<AutoCloseable> users = new RefCounted<>(this::unmap);
    private boolean closed;

    /**
     * A file below the folder.
     *
     * @param real where it is, without links
     */
    record FolderFile(ArchiveEntry entry, Path real) {}

    private FolderContents(Path path, List<FolderFile> found) {
        this.path = path;
        found.forEach(file -> files.put(file.entry.name(), file));
        this.entries = found.stream().map(FolderFile::entry).toList();
    }

    static FolderContents open(Path path) {
        try {
            return new FolderContents(path, FolderWalk.files(path));
        } catch (IOException e) {
            throw new PackageException(path, "the folder cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<ArchiveEntry> entries() {
        return entries;
    }

    @Override
    public Optional<ArchiveEntry> find(String name) {
        return Optional.ofNullable(files.get(name)).map(FolderFile::entry);
    }

    @Override
    public synchronized MappedFile file(ArchiveEntry entry) {
        requireOpen();
        return mapped.computeIfAbsent(entry.name(), name -> map(files.get(name)));
    }

    private static MappedFile map(FolderFile file) {
        return MappedFile.open(
                file.real,
                opened -> {
                    if (opened.size() != file.entry.size()) {
                        throw new PackageException(
                                file.real,
                                "the file has %d bytes, and had %d when the folder was opened; open it again"
                                        .formatted(opened.size(), file.entry.size()));
                    }
                    return opened;
                });
    }

    @Override
    public MemorySegment segment(ArchiveEntry entry) {
        if (entry.size() == 0) {
            return MemorySegment.NULL.asReadOnly();
        }
        return file(entry).segment();
    }

    /** A folder has no checksums. */
    @Override
    public synchronized void checkCrc(ArchiveEntry entry) {
        requireOpen();
    }

    @Override
    public long crc32(ArchiveEntry entry) {
        return MemorySegments.crc32(segment(entry));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    @Override
    public synchronized Lease hold() {
        requireOpen();
        return new Share(users.retain());
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            users.release();
            closed = true;
        }
    }

    /** A file that is in use refuses, and can be closed later. */
    private void unmap() {
        Closeables.closeAll(mapped.values());
    }
}
