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
 * What can be asked of the kernel for the pages of a {@link Mmap}. Every segment starts at a page;
 * the page that it ends in is included.
 *
 * <p>Stateless and thread-safe. A segment's arena cannot be closed during a call.
 */
public final class Pages {
    /** Bytes of a page. */
    public static final long SIZE = Libc.getpagesize();

    /**
     * How much one {@code MADV_WILLNEED} may ask for. The kernel cuts a longer request to its
     * read-ahead window, 128 KiB unless configured (on Linux 6.18, 8 of 256 MiB were read).
     */
    private static final long READ_AHEAD = 128L << 10;

    private static final MethodHandle MADVISE =
            Linker.nativeLinker()
                    .downcallHandle(
                            Libc.madvise$address(), Libc.madvise$descriptor(), Errno.CAPTURE);
    private static final MethodHandle MLOCK2 =
            Linker.nativeLinker()
                    .downcallHandle(Libc.mlock2$address(), Libc.mlock2$descriptor(), Errno.CAPTURE);

    private Pages() {}

    /**
     * Tells the kernel that pages will be needed soon. It may start to read them, and need not.
     *
     * @param segment part of a mapping, from the start of a page on
     */
    public static void willNeed(MemorySegment segment) {
        for (long at = 0; at < segment.byteSize(); at += READ_AHEAD) {
            long length = Math.min(READ_AHEAD, segment.byteSize() - at);
            // Advice: whatever the kernel thinks of it, reading goes on working.
            int _ = advise(segment.asSlice(at, length), Libc.MADV_WILLNEED());
        }
    }

    /**
     * Reads pages in and enters them into the page table, without copying any.
     *
     * @param segment part of a mapping, from the start of a page on
     * @throws NativeException if they cannot be read, as when the file has been cut short
     */
    public static void populate(MemorySegment segment) {
        int errno = advise(segment, Libc.MADV_POPULATE_READ());
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
     * @param segment part of a mapping, from the start of a page on
     * @throws NativeException if the process may not lock so much; names the limit
     */
    public static void lock(MemorySegment segment) {
        int errno;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Errno.state(scratch);
            int result =
                    (int)
                            MLOCK2.invokeExact(
                                    state, segment, segment.byteSize(), Libc.MLOCK_ONFAULT());
            errno = result == 0 ? 0 : Errno.of(state);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
        if (errno == Errno.ENOMEM || errno == Errno.EAGAIN || errno == Errno.EPERM) {
            throw new NativeException(
                    "mlock2",
                    ("%s: %d bytes were to be locked in memory, and the limit RLIMIT_MEMLOCK is"
                                    + " %s; raise it (ulimit -l, or LimitMEMLOCK= of a systemd"
                                    + " unit)")
                            .formatted(Errno.message(errno), segment.byteSize(), lockLimit()));
        }
        if (errno != 0) {
            throw new NativeException("mlock2", Errno.message(errno));
        }
    }

    /**
     * Takes back {@link #lock}; unmapping does so by itself.
     *
     * @param segment part of a mapping, from the start of a page on
     */
    public static void unlock(MemorySegment segment) {
        // Its failure would mean pages that are not mapped, which the segment rules out.
        int _ = Libc.munlock(segment, segment.byteSize());
    }

    private static int advise(MemorySegment segment, int advice) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment errno = Errno.state(scratch);
            int result = (int) MADVISE.invokeExact(errno, segment, segment.byteSize(), advice);
            return result == 0 ? 0 : Errno.of(errno);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** The soft limit, which is the one that counts, in the kernel's words. */
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
