package io.github.aoti4j.weights;

import io.github.aoti4j.bindings.FileMapping;
import io.github.aoti4j.core.PackageException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;

/**
 * A regular file, opened for reading and mapped whole as one segment with 64-bit offsets.
 *
 * <p>The mapping is private and copy-on-write: it shares the page cache with every other mapping of
 * the file, and what is written to it stays in it. The file never changes.
 *
 * <p>Thread-safe. The mapping, and every slice of it that was handed out, ends with {@link
 * #close()}, or with the last {@link #hold()} if that comes later.
 *
 * <p>While it is mapped the file must not be shortened or rewritten in place: touching a page that
 * is gone is a fault (in Java an {@link InternalError}, in native code the end of the process), and
 * new contents show in some pages and not in others. Replace a file in use by renaming a new one
 * over it.
 */
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final FileMapping mapping;
    private final MemorySegment readOnly;

    /** The owner's share, until it is closed, and those of {@link #hold()}. */
    private int shares = 1;

    private boolean closed;

    private MappedFile(Path path, FileMapping mapping) {
        this.path = path;
        this.mapping = mapping;
        this.readOnly = mapping.segment().asReadOnly();
    }

    /**
     * Opens and maps a file.
     *
     * @param path a regular file that is not empty; symbolic links are followed
     * @return the mapped file, to be closed by the caller
     * @throws PackageException if the file is missing, empty, not a regular file, or cannot be read
     */
    public static MappedFile open(Path path) {
        requireRegularFile(Objects.requireNonNull(path, "path"));
        FileMapping mapping;
        try {
            mapping = FileMapping.open(path);
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
        return new MappedFile(path, mapping);
    }

    /** Opens a file for a reader, which owns it if it succeeds; if it fails the file is closed. */
    static <T> T open(Path path, Function<MappedFile, T> reader) {
        return open(path).handTo(reader);
    }

    /** Gives the file to a reader, which owns it if it succeeds; if it fails the file is closed. */
    <T> T handTo(Function<MappedFile, T> reader) {
        boolean done = false;
        try {
            T read = reader.apply(this);
            done = true;
            return read;
        } finally {
            if (!done) {
                close();
            }
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
     * Maps the same file once more, even if another one has its name by now.
     *
     * @return a mapping of its own, to be closed by the caller: what is written to one does not
     *     show in the other
     * @throws PackageException if it cannot be mapped, or was rewritten in place meanwhile
     * @throws IllegalStateException if this object is closed
     */
    public MappedFile duplicate() {
        try (var _ = hold()) {
            return new MappedFile(path, mapping.again());
        } catch (IOException e) {
            throw cannotMap(path, e);
        }
    }

    /**
     * Returns the path that the file was opened with.
     *
     * @return the path, also after close
     */
    public Path path() {
        return path;
    }

    /**
     * Returns the size of the file when it was opened.
     *
     * @return bytes, at least 1
     */
    public long size() {
        return readOnly.byteSize();
    }

    /**
     * Returns the contents of the file, with what was written to {@link #writableSegment()}.
     *
     * @return a read-only segment of {@link #size()} bytes that starts at a page
     * @throws IllegalStateException if this object is closed; the message names the file
     */
    public MemorySegment segment() {
        requireOpen();
        return readOnly;
    }

    /**
     * Returns the contents of the file as memory that may be written to. A page that is written to
     * becomes this mapping's own; the file and other mappings of it keep theirs.
     *
     * @return a writable segment of {@link #size()} bytes that starts at a page
     * @throws IllegalStateException if this object is closed; the message names the file
     */
    public MemorySegment writableSegment() {
        requireOpen();
        return mapping.segment();
    }

    /**
     * Keeps the mapping beyond {@link #close()}.
     *
     * @return a share in the mapping, to be closed by the caller
     * @throws IllegalStateException if this object is closed; the message names the file
     */
    public synchronized Hold hold() {
        requireOpen();
        shares++;
        return new Share();
    }

    synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    /**
     * Unmaps the file, or leaves that to the last {@link #hold()}. This object cannot be used any
     * more; segments that it handed out can, as long as something is held. Closing again does
     * nothing.
     *
     * @throws IllegalStateException if nothing is held and a native call is using the mapping at
     *     this moment; the file then stays open, and close can be tried again
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            release();
            closed = true;
        }
    }

    private void release() {
        if (shares == 1) {
            mapping.close();
        }
        shares--;
    }

    private final class Share implements Hold {
        private boolean released;

        @Override
        public void close() {
            synchronized (MappedFile.this) {
                if (!released) {
                    release();
                    released = true;
                }
            }
        }
    }
}
