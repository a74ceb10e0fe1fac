package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.core.NativeException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

class PagesTest {
    private static final int PAGES = 5;

    @TempDir Path folder;

    private Path path;
    private Mmap mapping;

    /** The last page is not whole. */
    @BeforeEach
    void map() throws IOException {
        byte[] bytes = new byte[(int) (PAGES * Pages.SIZE) - 100];
        path = Files.write(folder.resolve("file"), bytes);
        mapping = Mmap.open(path);
    }

    @AfterEach
    void unmap() {
        mapping.close();
    }

    @Test
    void populatesWithoutCopying() throws IOException {
        assertEquals(0, kilobytes("Rss"));
        Pages.populate(mapping.segment());
        assertAllPagesShared();
    }

    @Test
    void touchesEveryPageWithoutCopying() throws IOException {
        Pages.touch(mapping.segment());
        assertAllPagesShared();
    }

    @Test
    void populatesAPart() throws IOException {
        Pages.populate(mapping.segment().asSlice(Pages.SIZE, 2 * Pages.SIZE));
        assertTrue(kilobytes("Rss") >= 2 * Pages.SIZE / 1024);
    }

    @Test
    void locksWithoutCopying() throws IOException {
        assumeMayLock();
        Pages.lock(mapping.segment());
        Pages.populate(mapping.segment());
        assertAllPagesShared();
        assertEquals(PAGES * Pages.SIZE / 1024, kilobytes("Locked"));
        Pages.unlock(mapping.segment());
        assertEquals(0, kilobytes("Locked"));
    }

    @Test
    void namesTheLimitWhenItCannotLock() {
        // What is not mapped gets the error code of what is too much.
        long beyond = mapping.segment().address() - (1L << 46);
        var nothing = MemorySegment.ofAddress(beyond & -Pages.SIZE).reinterpret(1 << 20);
        var failure = assertThrows(NativeException.class, () -> Pages.lock(nothing));
        assertEquals("mlock2", failure.function());
        assertTrue(failure.getMessage().contains("RLIMIT_MEMLOCK is "), failure.getMessage());
        assertTrue(failure.getMessage().contains("1048576 bytes"), failure.getMessage());
    }

    @Test
    void failsToPopulateWhatIsNoLongerThere() throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(Pages.SIZE);
        }
        var failure = assertThrows(NativeException.class, () -> Pages.populate(mapping.segment()));
        assertEquals("madvise", failure.function());
    }

    @Test
    void adviceLeavesEverythingReadable() {
        Pages.willNeed(mapping.segment());
        assertEquals(
                0, mapping.segment().get(ValueLayout.JAVA_BYTE, mapping.segment().byteSize() - 1));
    }

    @Test
    void refusesMemoryThatIsGone() {
        var segment = mapping.segment();
        mapping.close();
        assertThrows(IllegalStateException.class, () -> Pages.willNeed(segment));
        assertThrows(IllegalStateException.class, () -> Pages.populate(segment));
        assertThrows(IllegalStateException.class, () -> Pages.lock(segment));
    }

    private void assertAllPagesShared() throws IOException {
        assertEquals(PAGES * Pages.SIZE / 1024, kilobytes("Rss"));
        assertEquals(0, kilobytes("Anonymous"));
    }

    private void assumeMayLock() {
        try {
            Pages.lock(mapping.segment());
            Pages.unlock(mapping.segment());
        } catch (NativeException e) {
            assumeTrue(false, "this process may lock no memory: " + e.getMessage());
        }
    }

    /** What the kernel says of the mapping. */
    private long kilobytes(String field) throws IOException {
        boolean found = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.contains(path.toString())) {
                found = true;
            } else if (found && line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError("no " + field + " of " + path);
    }
}
