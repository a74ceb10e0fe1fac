package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file without a name, in memory ({@code memfd_create(2)}), from which a library can be loaded
 * where no folder is suitable. It exists until the last process that has it open or mapped ends.
 *
 * <p>Not thread-safe.
 */
public final class Memfd implements AutoCloseable {
    private static final MemorySegment CREATE = IntegerCall.find("memfd_create");
    private static final MemorySegment CONTROL = IntegerCall.find("fcntl");
    private static final MemorySegment CLOSE = IntegerCall.find("close");

    /** The limit of the C library, which appends the name to {@code memfd:}. */
    private static final int MAX_NAME = 200;

    private final String name;
    private final int file;
    private boolean closed;

    private Memfd(String name, int file) {
        this.name = name;
        this.file = file;
    }

    /**
     * Makes an empty file, whose name in {@code /proc/PID/maps} need not be unique.
     *
     * @throws NativeException if the system refuses
     */
    public static Memfd create(String name) {
        Platform.requireSupported();
        String shown = name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name;
        int flags = Libc.MFD_CLOEXEC() | Libc.MFD_ALLOW_SEALING();
        try (Arena arena = Arena.ofConfined()) {
            // ASCII, as the limit counts bytes.
            long text = arena.allocateFrom(shown.replaceAll("[^ -~]", "?")).address();
            // Linux before 6.3 does not know MFD_EXEC, and later ones may be set to refuse code
            // from files without it.
            int file = (int) IntegerCall.call(CREATE, text, flags | Libc.MFD_EXEC(), 0, 0, 0, 0);
            if (file < 0) {
                var plain = IntegerCall.outcome(CREATE, text, flags, 0, 0, 0, 0);
                if (plain.errno() != 0) {
                    throw new NativeException("memfd_create", Errno.message(plain.errno()));
                }
                file = (int) plain.value();
            }
            return new Memfd(name, file);
        }
    }

    /**
     * Opens the file for reading and writing from its beginning, in a channel of its own.
     *
     * @throws IOException if there is no {@code /proc}
     */
    public FileChannel open() throws IOException {
        return FileChannel.open(
                Path.of("/proc/self/fd/" + number()),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /** Makes the contents final, where the system supports it. */
    public void seal() {
        int seals =
                Libc.F_SEAL_SEAL()
                        | Libc.F_SEAL_SHRINK()
                        | Libc.F_SEAL_GROW()
                        | Libc.F_SEAL_WRITE();
        long _ = IntegerCall.call(CONTROL, number(), Libc.F_ADD_SEALS(), seals, 0, 0, 0);
    }

    /**
     * Returns a path to this file that the process has never used and will never use again.
     *
     * <p>The dynamic loader identifies a library by the spelling of its path, and the numbers of
     * descriptors are reused. Hence a random spelling, of {@code ./} and {@code //}, which change
     * nothing.
     */
    public String path() {
        var path = new StringBuilder("/proc/self/fd/");
        for (long lot = ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE;
                lot != 0;
                lot >>>= 1) {
            path.append((lot & 1) == 0 ? "./" : ".//");
        }
        return path.append(number()).toString();
    }

    private int number() {
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        return file;
    }

    /** Closes the descriptor; what is loaded from the file stays. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            long _ = IntegerCall.call(CLOSE, file, 0, 0, 0, 0, 0);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
