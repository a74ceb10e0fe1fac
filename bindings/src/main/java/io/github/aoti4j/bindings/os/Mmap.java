package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;

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
     * @throws IOException if the file cannot be opened or mapped: {@link NoSuchFileException} and
     *     {@link AccessDeniedException} where it is that
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

    /** Opens by one name; messages show another. */
    private static Mmap open(Path path, MemorySegment name) throws IOException {
        int flags = Libc.O_RDONLY() | Libc.O_CLOEXEC();
        var file = IntegerCall.outcome(OPEN, name.address(), flags, 0, 0, 0, 0);
        if (file.errno() != 0) {
            throw failure(path, "open", file.errno());
        }
        return map(path, new RefCounted<>(new Descriptor((int) file.value())));
    }

    /**
     * Maps a file in memory, which is written, sealed and not empty. It exists as long as it is
     * mapped, even if it is closed.
     */
    public static Mmap open(Memfd file, Path name) throws IOException {
        try (Arena scratch = Arena.ofConfined()) {
            return open(name, scratch.allocateFrom(file.path()));
        }
    }

    /**
     * Maps the same file once more, even if another one has its name by now: what is written to one
     * mapping does not show in the other.
     *
     * @throws IOException if it cannot be mapped, or its size has changed
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

    /** Owns one use of the file, and releases it if this fails. */
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
        var mapped = IntegerCall.outcome(MMAP, 0, size, protection, flags, file, 0);
        if (mapped.errno() != 0) {
            throw failure(path, "mmap", mapped.errno());
        }
        long address = mapped.value();
        Runnable unmap = () -> unmap(address, size);
        return MemorySegment.ofAddress(address)
                .reinterpret(size, arena, _ -> ArenaCleanup.run(unmap));
    }

    private static void unmap(long address, long size) {
        // It cannot fail for a mapping.
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

    /** Returns the contents: a writable segment that starts at a page, empty if the file is. */
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
