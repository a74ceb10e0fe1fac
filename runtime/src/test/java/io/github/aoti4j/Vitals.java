package io.github.aoti4j;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What the process has of the system, as the allocator and the kernel count it.
 *
 * @param nativeBytes what {@code malloc} has handed out
 * @param anonymousBytes private memory, {@code RssAnon}
 * @param mappings lines of {@code /proc/self/maps}
 * @param descriptors open files
 * @param threads of the system
 */
public record Vitals(
        long nativeBytes, long anonymousBytes, long mappings, long descriptors, long threads) {
    private static final Path PROC = Path.of("/proc/self");

    /** {@code struct mallinfo2}: ten words. */
    private static final MemoryLayout MALLINFO =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG));

    /** {@code hblkhd}: bytes in blocks that were mapped one by one. */
    private static final int MAPPED = 4;

    /** {@code uordblks}: bytes in use in all of the allocator's heaps. */
    private static final int IN_USE = 7;

    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle MALLINFO2 =
            LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow("mallinfo2"),
                    FunctionDescriptor.of(MALLINFO));

    private static final MethodHandle MALLOC_TRIM =
            LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow("malloc_trim"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));

    public static Vitals now() {
        try {
            return new Vitals(
                    mallocInUse(),
                    anonymous(),
                    countMappings(),
                    countDescriptors(),
                    status("Threads"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Once what nobody refers to any more is gone, and free memory has been given back; with the
     * least memory of some moments, since the JVM's compilers take some and give it back.
     */
    public static Vitals settled() throws InterruptedException {
        System.gc();
        Vitals least = null;
        for (int i = 0; i < 10; i++) {
            trim();
            Vitals now = now();
            least = least == null || now.nativeBytes < least.nativeBytes ? now : least;
            Thread.sleep(50);
        }
        return least;
    }

    private static void trim() {
        try {
            int _ = (int) MALLOC_TRIM.invokeExact(0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Without memory that is known to be leaked by others. */
    public Vitals without(long bytes) {
        return new Vitals(
                nativeBytes - bytes, anonymousBytes - bytes, mappings, descriptors, threads);
    }

    public static long mallocInUse() {
        try (Arena arena = Arena.ofConfined()) {
            var info = (MemorySegment) MALLINFO2.invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE)
                    + info.getAtIndex(ValueLayout.JAVA_LONG, MAPPED);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static long anonymous() throws IOException {
        return status("RssAnon") * 1024;
    }

    private static long countMappings() throws IOException {
        try (Stream<String> lines = Files.lines(PROC.resolve("maps"))) {
            return lines.count();
        }
    }

    private static long countDescriptors() throws IOException {
        try (Stream<Path> open = Files.list(PROC.resolve("fd"))) {
            return open.count();
        }
    }

    private static long status(String key) throws IOException {
        try (Stream<String> lines = Files.lines(PROC.resolve("status"))) {
            String line = lines.filter(l -> l.startsWith(key + ":")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", ""));
        }
    }
}
