package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Requests to the kernel for the pages of a {@link Mmap}. Every segment starts at a page; the page
 * that it ends in is included.
 *
 * <p>Stateless and thread-safe. A segment's arena cannot be closed during a call.
 */
public final class Pages {
    public static final long SIZE = (int) IntegerCall.call(IntegerCall.find("getpagesize"));

    /**
     * The longest request of {@code MADV_WILLNEED}. The kernel cuts a longer one to its read-ahead
     * window, 128 KiB unless configured (on Linux 6.18, 8 of 256 MiB were read).
     */
    private static final long READ_AHEAD = 128L << 10;

    private Pages() {}

    /** Apart, since many ask for the size alone. */
    private static final class Linked {
        static final MethodHandle MADVISE =
                Linker.nativeLinker()
                        .downcallHandle(
                                Libc.madvise$address(), Libc.madvise$descriptor(), Errno.CAPTURE);
        static final MethodHandle MLOCK2 =
                Linker.nativeLinker()
                        .downcallHandle(
                                Libc.mlock2$address(), Libc.mlock2$descriptor(), Errno.CAPTURE);
    }

    /** Announces that pages will be needed soon. The kernel may start to read them. */
    public static void willNeed(MemorySegment segment) {
        for (long at = 0; at < segment.byteSize(); at += READ_AHEAD) {
            long length = Math.min(READ_AHEAD, segment.byteSize() - at);
            // Advice: whatever the kernel thinks of it, reading goes on working.
            int _ = call(Linked.MADVISE, segment.asSlice(at, length), Libc.MADV_WILLNEED());
        }
    }

    /**
     * Reads pages in and enters them into the page table, without copying any.
     *
     * @throws NativeException if they cannot be read, as when the file has been cut short
     */
    public static void populate(MemorySegment segment) {
        int errno = call(Linked.MADVISE, segment, Libc.MADV_POPULATE_READ());
        if (errno == Errno.EINVAL) {
            // Linux before 5.14 does not know it.
            touch(segment);
        } else if (errno != 0) {
            throw new NativeException(
                    "madvise", "cannot read pages of a mapped file: " + Errno.message(errno));
        }
    }

    /** Reads a byte of each page. */
    static void touch(MemorySegment segment) {
        for (long at = 0; at < segment.byteSize(); at += SIZE) {
            byte _ = segment.get(ValueLayout.JAVA_BYTE, at);
        }
    }

    /**
     * Keeps pages in memory, as they are now or come in later. Unlike {@code mlock}, this leaves
     * the pages of a private mapping shared; it reads nothing by itself, see {@link #populate}.
     *
     * @throws NativeException if the process may not lock this much, with the limit
     */
    public static void lock(MemorySegment segment) {
        int errno = call(Linked.MLOCK2, segment, Libc.MLOCK_ONFAULT());
        if (errno == Errno.ENOMEM || errno == Errno.EAGAIN || errno == Errno.EPERM) {
            throw new NativeException(
                    "mlock2",
                    "%s: %d bytes were to be locked in memory, and the limit RLIMIT_MEMLOCK is %s; raise it (ulimit -l, or LimitMEMLOCK= of a systemd unit)"
                            .formatted(Errno.message(errno), segment.byteSize(), lockLimit()));
        }
        if (errno != 0) {
            throw new NativeException("mlock2", Errno.message(errno));
        }
    }

    /** Reverts {@link #lock}; unmapping does so by itself. */
    public static void unlock(MemorySegment segment) {
        // Its failure would mean pages that are not mapped, which the segment rules out.
        int _ = Libc.munlock(segment, segment.byteSize());
    }

    /** Returns the error, or 0. */
    private static int call(MethodHandle function, MemorySegment segment, int argument) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            int result = (int) function.invokeExact(errno, segment, segment.byteSize(), argument);
            return result == 0 ? 0 : Errno.of(errno);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Returns the soft limit, which is the effective one, in the kernel's words. */
    private static String lockLimit() {
        String name = "Max locked memory";
        try (var lines = Files.lines(Path.of("/proc/self/limits"))) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(name.length()).strip().split(" +", 2)[0])
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
