package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
public final class Mmap implements AutoCloseable {
    private static final MemorySegment OPEN = IntegerCall.find("open");
    private static final MemorySegment MMAP = IntegerCall.find("mmap");
    private static final MemorySegment MUNMAP = IntegerCall.find("munmap");
    private static final MemorySegment CLOSE = IntegerCall.find("close");

    private static final long MAP_FAILED = -1;

    private final Path path;
    private final RefCounted<Descriptor> file;
    private final Arena arena;
    private final MemorySegment segment;

    private Mmap(Path path, RefCounted<Descriptor> file, Arena arena, MemorySegment segment) {
        this.path = path;
        this.file = file;
        this.arena = arena;
        this.segment = segment;
    }

    /** An open file, shared by the mappings of it. */
    private record Descriptor(int number) implements AutoCloseable {
        @Override
        public void close() {
            long _ = IntegerCall.call(CLOSE, number, 0, 0, 0, 0, 0);
        }

        /** The size of what is open, whatever has its name by now. */
        long size() throws IOException {
            return Files.size(Path.of("/proc/self/fd/" + number));
        }
    }

    /**
     * Opens and maps a file.
     *
     * @return the mapping, which the caller owns
     * @throws IOException if the file cannot be opened or mapped: {@link NoSuchFileException} and
     *     {@link AccessDeniedException} where it is that
     * @throws IncompatibleModelException on anything but Linux x86-64
     */
    public static Mmap open(Path path) throws IOException {
        Platform.requireSupported();
        StackGuard.requireForRun();
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new FileSystemException(
                    path.toString(), null, "it is in a file system that only Java can see");
        }
        try (Arena scratch = Arena.ofConfined()) {
            return open(path, Platform.nativePath(scratch, path));
        }
    }

    /** Opens by one name; messages have another. */
    private static Mmap open(Path path, MemorySegment name) throws IOException {
        int flags = Libc.O_RDONLY() | Libc.O_CLOEXEC();
        int file = (int) IntegerCall.call(OPEN, name.address(), flags, 0, 0, 0, 0);
        if (file < 0) {
            var again = IntegerCall.callAgain(OPEN, name.address(), flags, 0, 0, 0, 0);
            file = (int) again.value();
            if (file < 0) {
                throw failure(path, "open", again.errno());
            }
        }
        return map(path, new RefCounted<>(new Descriptor(file)));
    }

    /**
     * Maps a file in memory. It stays as long as it is mapped, also if it is closed meanwhile.
     *
     * @param file written, sealed and not to be changed any more; not empty
     * @return the mapping, which the caller owns
     * @throws IOException if it cannot be mapped
     * @throws IllegalStateException if the file is closed
     */
    public static Mmap open(Memfd file, Path name) throws IOException {
        try (Arena scratch = Arena.ofConfined()) {
            return open(name, scratch.allocateFrom(file.path()));
        }
    }

    /**
     * Maps the same file once more, even if another one has its name by now.
     *
     * @return a mapping of its own: what is written to one does not show in the other
     * @throws IOException if it cannot be mapped, or has become shorter or longer
     * @throws IllegalStateException if this mapping is closed
     */
    public synchronized Mmap again() throws IOException {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException(path + " is closed");
        }
        Mmap other = map(path, file.retain());
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
    private static Mmap map(Path path, RefCounted<Descriptor> file) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            Descriptor open = file.value();
            MemorySegment segment = map(path, open.number, open.size(), arena);
            return new Mmap(path, file, arena, segment);
        } catch (Throwable e) {
            Closeables.closeAfter(e, arena, file::release);
            throw e;
        }
    }

    private static MemorySegment map(Path path, int file, long size, Arena arena)
            throws IOException {
        if (size == 0) {
            return arena.allocate(0);
        }
        int protection = Libc.PROT_READ() | Libc.PROT_WRITE();
        // Without MAP_NORESERVE Linux counts the whole mapping as if it were to be copied, and may
        // refuse a file larger than the memory.
        int flags = Libc.MAP_PRIVATE() | Libc.MAP_NORESERVE();
        long address = IntegerCall.call(MMAP, 0, size, protection, flags, file, 0);
        if (address == MAP_FAILED) {
            var again = IntegerCall.callAgain(MMAP, 0, size, protection, flags, file, 0);
            address = again.value();
            if (address == MAP_FAILED) {
                throw failure(path, "mmap", again.errno());
            }
        }
        long mapped = address;
        Runnable unmap = () -> unmap(mapped, size);
        return MemorySegment.ofAddress(address)
                .reinterpret(size, arena, _ -> ArenaCleanup.run(unmap));
    }

    private static void unmap(long address, long size) {
        // Its failure would mean a mapping that is not one, which cannot be.
        long _ = IntegerCall.call(MUNMAP, address, size, 0, 0, 0, 0);
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
     * Returns the contents: a writable segment of the file's size, empty if the file is; starts at
     * a page and ends with this mapping.
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
        StackGuard.requireForClose();
        if (arena.scope().isAlive()) {
            arena.close();
            file.release();
        }
    }
}
