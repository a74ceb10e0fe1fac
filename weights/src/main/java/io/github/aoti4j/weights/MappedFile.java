package io.github.aoti4j.weights;

import io.github.aoti4j.core.PackageException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * A regular file, opened for reading and mapped whole as one segment with 64-bit offsets.
 *
 * <p>Thread-safe. The mapping, and every slice of it that was handed out, ends with {@link
 * #close()}.
 *
 * <p>While it is mapped the file must not be shortened or rewritten in place: touching a page that
 * is gone is a fault (in Java an {@link InternalError}, in native code the end of the process).
 * Replace a file in use by renaming a new one over it.
 */
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final Arena arena;
    private final MemorySegment segment;
    private volatile boolean closed;

    private MappedFile(Path path, Arena arena, MemorySegment segment) {
        this.path = path;
        this.arena = arena;
        this.segment = segment;
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
        var arena = Arena.ofShared();
        boolean done = false;
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0) {
                throw new PackageException(
                        path, "the file is empty; it may have been cut off: copy it again");
            }
            var mapped = new MappedFile(path, arena, map(channel, size, arena));
            done = true;
            return mapped;
        } catch (AccessDeniedException e) {
            throw new PackageException(
                    path, "permission to read the file is denied; change its permissions", e);
        } catch (IOException e) {
            throw new PackageException(path, "the file cannot be mapped: " + e.getMessage(), e);
        } finally {
            if (!done) {
                arena.close();
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

    /** The one place that decides how a file is mapped. */
    private static MemorySegment map(FileChannel channel, long size, Arena arena)
            throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
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
        return segment.byteSize();
    }

    /**
     * Returns the contents of the file.
     *
     * @return a read-only segment of {@link #size()} bytes that ends with this object
     * @throws IllegalStateException if this object is closed; the message names the file
     */
    public MemorySegment segment() {
        requireOpen();
        return segment;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    /**
     * Unmaps the file. Closing again does nothing.
     *
     * @throws IllegalStateException if a native call is using the mapping at this moment; the file
     *     then stays open, and close can be tried again
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            arena.close();
            closed = true;
        }
    }
}
