package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.bindings.diag.LeakWatch;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Memfd;
import io.github.aoti4j.bindings.os.Mmap;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Lease;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Objects;
import java.util.function.Function;

/**
 * A regular file, opened for reading and mapped whole as one segment with 64-bit offsets; or a copy
 * of bytes in memory, kept like one.
 *
 * <p>The mapping is private and copy-on-write: it shares the page cache with every other mapping of
 * the file, and what is written to it stays in it. The file never changes.
 *
 * <p>Thread-safe. The mapping, and every slice of it that was handed out, ends with {@link
 * #close()}, or with the last {@link #hold()} or {@link #share()} if that comes later.
 *
 * <p>While it is mapped the file must not be shortened or rewritten in place: touching a page that
 * is gone is a fault (in Java an {@link InternalError}, in native code the end of the process), and
 * new contents show in some pages and not in others. Replace a file in use by renaming a new one
 * over it.
 */
public final class MappedFile implements AutoCloseable {
    /** Between two reports of progress. */
    private static final long HASH_CHUNK = 64L << 20;

    private final Path path;
    private final boolean inMemory;
    private final RefCounted<Mmap> mapping;
    private final MemorySegment readOnly;
    private final LeakWatch watch;
    private boolean closed;

    private MappedFile(Path path, boolean inMemory, RefCounted<Mmap> mapping) {
        this.path = path;
        this.inMemory = inMemory;
        this.mapping = mapping;
        this.readOnly = mapping.value().segment().asReadOnly();
        this.watch = LeakWatch.of(this, "file " + path);
    }

    /**
     * Opens and maps a regular file that is not empty; symbolic links are followed.
     *
     * @throws PackageException if the file is missing, empty, not a regular file, or cannot be read
     */
    public static MappedFile open(Path path) {
        requireRegularFile(Objects.requireNonNull(path, "path"));
        Mmap mapping;
        try {
            mapping = Mmap.open(path);
        } catch (AccessDeniedException e) {
            throw new PackageException(
                    path, "permission to read the file is denied; change its permissions", e);
        } catch (IOException e) {
            throw cannotMap(path, e);
        }
        if (mapping.segment().byteSize() == 0) {
            mapping.close();
            throw new PackageException(
                    path, "the file is empty; it may have been cut off: copy it again");
        }
        return new MappedFile(path, false, new RefCounted<>(mapping));
    }

    /**
     * Copies bytes into a file without a name in memory ({@code memfd_create}), and maps that.
     *
     * @param bytes not empty; any segment, also a read-only one or one on the heap
     * @param name the path that messages show; no such file need exist
     * @throws PackageException if there are no bytes, or no room for the copy
     */
    public static MappedFile copyOf(MemorySegment bytes, Path name) {
        if (bytes.byteSize() == 0) {
            throw new PackageException(name, "there are no bytes; it may have been cut off");
        }
        try (var file = Memfd.create(name.toString())) {
            // Not by a mapping: a write for which there is no room can fail.
            try (var channel = file.open()) {
                MemorySegments.write(bytes, channel);
            }
            file.seal();
            return new MappedFile(name, true, new RefCounted<>(Mmap.open(file, name)));
        } catch (IOException | NativeException e) {
            throw new PackageException(
                    name,
                    "its %d bytes cannot be copied into a file in memory: %s"
                            .formatted(bytes.byteSize(), e.getMessage()),
                    e);
        }
    }

    /** Opens a file for a reader, which owns it if it succeeds; if it fails the file is closed. */
    public static <T> T open(Path path, Function<MappedFile, T> reader) {
        return open(path).handTo(reader);
    }

    /**
     * Passes the file to a reader, which owns it if it succeeds; if it fails the file is closed.
     */
    public <T> T handTo(Function<MappedFile, T> reader) {
        try {
            return reader.apply(this);
        } catch (Throwable e) {
            Closeables.closeAfter(e, this);
            throw e;
        }
    }

    private static void requireRegularFile(Path path) {
        if (Files.isRegularFile(path)) {
            return;
        }
        if (Files.isDirectory(path)) {
            throw new PackageException(path, "this is a directory; give the path of a file");
        }
        try {
            path.getFileSystem().provider().checkAccess(path);
        } catch (NoSuchFileException e) {
            throw new PackageException(path, "there is no such file; check the path", e);
        } catch (IOException e) {
            throw new PackageException(
                    path, "the file cannot be reached; check the path and its permissions", e);
        }
        throw new PackageException(
                path, "this is not a regular file and cannot be mapped; copy it to one first");
    }

    private static PackageException cannotMap(Path path, IOException e) {
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return new PackageException(path, "the file cannot be mapped: " + reason, e);
    }

    /**
     * Maps the same file once more, even if another one has its name by now: what is written to one
     * mapping does not show in the other.
     *
     * @throws PackageException if it cannot be mapped, or was rewritten in place meanwhile
     */
    public MappedFile duplicate() {
        try (var _ = hold()) {
            return new MappedFile(path, inMemory, new RefCounted<>(mapping.value().again()));
        } catch (IOException e) {
            throw cannotMap(path, e);
        }
    }

    /** Makes another owner of the same mapping: what is written to one shows in the other. */
    public synchronized MappedFile share() {
        requireOpen();
        return new MappedFile(path, inMemory, mapping.retain());
    }

    public boolean isInMemory() {
        return inMemory;
    }

    /** Returns the SHA-256 of the file in lower-case hexadecimal digits. */
    public String sha256(Progress progress) {
        try (var _ = hold()) {
            var digest = MemorySegments.sha256();
            String message = "hashing " + path;
            progress.update(message, 0, size());
            for (long at = 0; at < size(); ) {
                long length = Math.min(HASH_CHUNK, size() - at);
                digest.update(readOnly.asSlice(at, length).asByteBuffer());
                at += length;
                progress.update(message, at, size());
            }
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    /** Returns the path that the file was opened with, or the name of a copy of bytes. */
    public Path path() {
        return path;
    }

    /** Returns the size of the file when it was opened, at least 1. */
    public long size() {
        return readOnly.byteSize();
    }

    /**
     * Returns the contents, with what was written to {@link #writableSegment()}: read-only, from a
     * page's start on.
     */
    public MemorySegment segment() {
        requireOpen();
        return readOnly;
    }

    /**
     * Returns the contents as memory that may be written to. A page that is written to becomes this
     * mapping's own; the file and other mappings of it keep theirs.
     */
    public MemorySegment writableSegment() {
        requireOpen();
        return mapping.value().segment();
    }

    /** Keeps the mapping beyond {@link #close()}. */
    public synchronized Lease hold() {
        requireOpen();
        return new Share(mapping.retain());
    }

    public synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    /**
     * Unmaps the file, or leaves that to the last {@link #hold()} or {@link #share()}. Closing
     * again does nothing.
     *
     * @throws IllegalStateException if nothing is held and a native call is using the mapping at
     *     this moment; the file then stays open, and close can be tried again
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            mapping.release();
            closed = true;
            watch.closed();
        }
    }
}
