package io.github.aoti4j.bindings;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A file mapped whole with {@code mmap(PROT_READ | PROT_WRITE, MAP_PRIVATE)} on a descriptor that
 * is open for reading only, which POSIX allows and {@link java.nio.channels.FileChannel#map} does
 * not.
 *
 * <p>Pages come from the page cache, which all mappings of all processes share, until one is
 * written to: this mapping then gets a copy of it. The file never changes.
 *
 * <p>Thread-safe.
 */
public final class FileMapping implements AutoCloseable {
    // Each function that is linked costs the first load of a JVM milliseconds: so no more than
    // these.
    private static final MethodHandle OPEN =
            Errno.linkVariadic(
                    Libc.open.address(),
                    FunctionDescriptor.of(Libc.C_INT, Libc.C_POINTER, Libc.C_INT),
                    2);
    private static final MethodHandle MMAP =
            Errno.link(Libc.mmap$address(), Libc.mmap$descriptor());

    private static final long MAP_FAILED = -1;

    private final Path path;
    private final Descriptor file;
    private final Arena arena;
    private final MemorySegment segment;

    private FileMapping(Path path, Descriptor file, Arena arena, MemorySegment segment) {
        this.path = path;
        this.file = file;
        this.arena = arena;
        this.segment = segment;
    }

    /** An open file, and how many mappings of it there are. */
    private static final class Descriptor {
        private final int number;
        private int users = 1;

        Descriptor(int number) {
            this.number = number;
        }

        synchronized void acquire() {
            users++;
        }

        synchronized void release() {
            users--;
            if (users == 0) {
                int _ = Libc.close(number);
            }
        }

        /** The size of what is open, whatever has its name by now. */
        long size() throws IOException {
            return Files.size(Path.of("/proc/self/fd/" + number));
        }
    }

    /**
     * Opens and maps a file.
     *
     * @param path a regular file of the default file system
     * @return the mapping, which the caller owns
     * @throws IOException if the file cannot be opened or mapped: {@link NoSuchFileException} and
     *     {@link AccessDeniedException} where it is that
     * @throws IncompatibleModelException on anything but Linux x86-64
     */
    public static FileMapping open(Path path) throws IOException {
        Platform.requireSupported();
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new FileSystemException(
                    path.toString(), null, "it is in a file system that only Java can see");
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            MemorySegment name = Platform.nativePath(scratch, path);
            int file = (int) OPEN.invokeExact(errno, name, Libc.O_RDONLY() | Libc.O_CLOEXEC());
            if (file < 0) {
                throw failure(path, "open", Errno.of(errno));
            }
            return map(path, new Descriptor(file));
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /**
     * Maps the same file once more, even if another one has its name by now.
     *
     * @return a mapping of its own: what is written to one does not show in the other
     * @throws IOException if it cannot be mapped, or has become shorter or longer
     * @throws IllegalStateException if this mapping is closed
     */
    public synchronized FileMapping again() throws IOException {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException(path + " is closed");
        }
        file.acquire();
        FileMapping other = map(path, file);
        if (other.segment.byteSize() != segment.byteSize()) {
            other.close();
            throw new FileSystemException(
                    path.toString(),
                    null,
                    "it was rewritten in place: it had %d bytes when it was opened and has %d now"
                            .formatted(segment.byteSize(), other.segment.byteSize()));
        }
        return other;
    }

    /** Takes over one use of the file, and gives it back if this fails. */
    private static FileMapping map(Path path, Descriptor file) throws IOException {
        Arena arena = Arena.ofShared();
        boolean done = false;
        try {
            MemorySegment segment = map(path, file.number, file.size(), arena);
            done = true;
            return new FileMapping(path, file, arena, segment);
        } finally {
            if (!done) {
                file.release();
                arena.close();
            }
        }
    }

    private static MemorySegment map(Path path, int file, long size, Arena arena)
            throws IOException {
        if (size == 0) {
            return arena.allocate(0);
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            // Without MAP_NORESERVE Linux counts the whole mapping as if it were to be copied, and
            // may refuse a file larger than the memory.
            MemorySegment mapped =
                    (MemorySegment)
                            MMAP.invokeExact(
                                    errno,
                                    MemorySegment.NULL,
                                    size,
                                    Libc.PROT_READ() | Libc.PROT_WRITE(),
                                    Libc.MAP_PRIVATE() | Libc.MAP_NORESERVE(),
                                    file,
                                    0L);
            if (mapped.address() == MAP_FAILED) {
                throw failure(path, "mmap", Errno.of(errno));
            }
            return mapped.reinterpret(size, arena, FileMapping::unmap);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    private static void unmap(MemorySegment mapped) {
        // Its failure would mean a mapping that is not one, which cannot be.
        int _ = Libc.munmap(mapped, mapped.byteSize());
    }

    private static IOException failure(Path path, String function, int errno) {
        String file = path.toString();
        String reason = function + ": " + Errno.message(errno);
        return switch (errno) {
            case Errno.ENOENT -> new NoSuchFileException(file, null, reason);
            case Errno.EACCES, Errno.EPERM -> new AccessDeniedException(file, null, reason);
            default -> new FileSystemException(file, null, reason);
        };
    }

    /**
     * Returns the contents.
     *
     * @return a writable segment of the file's size, empty if the file is; starts at a page and
     *     ends with this mapping
     */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Unmaps and closes the file. Closing again does nothing.
     *
     * @throws IllegalStateException if a native call is using the mapping at this moment; it then
     *     stays open, and close can be tried again
     */
    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            file.release();
        }
    }
}
