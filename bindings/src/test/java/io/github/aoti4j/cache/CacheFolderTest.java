package io.github.aoti4j.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

class CacheFolderTest {
    private static final Map<String, Long> FILES = Map.of("a", 3L, "b", 100_000L);

    @TempDir Path root;

    private Path make(UserCache.Filler filler) {
        return UserCache.at(root).folder("things/v1", FILES, filler);
    }

    private static void fill(Path folder) throws IOException {
        Files.writeString(folder.resolve("a"), "abc");
        Files.write(folder.resolve("b"), new byte[100_000]);
    }

    @Test
    void isFilledOnceAndOpenToItsUserOnly() throws IOException {
        var fills = new AtomicInteger();
        UserCache.Filler filler =
                folder -> {
                    fills.incrementAndGet();
                    fill(folder);
                };

        assertEquals(root.resolve("things/v1"), make(filler));
        assertEquals(root.resolve("things/v1"), make(filler));

        assertEquals(1, fills.get());
        assertEquals(List.of(".v1.lock", "v1"), list());
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(root.resolve("things/v1"))));
    }

    @Test
    void completeFolderIsUsedWithoutWriting() throws IOException {
        fill(Files.createDirectories(root.resolve("things/v1")));

        make(
                folder -> {
                    throw new AssertionError("nothing is to be made");
                });

        assertEquals(List.of("v1"), list());
    }

    @Test
    void fileCutShortIsRepaired() throws IOException {
        Path folder = make(CacheFolderTest::fill);
        Files.write(folder.resolve("b"), new byte[10], StandardOpenOption.TRUNCATE_EXISTING);

        make(CacheFolderTest::fill);

        assertEquals(100_000, Files.size(folder.resolve("b")));
        assertEquals(List.of(".v1.lock", "v1"), list());
    }

    @Test
    void fileRemovedIsRepaired() throws IOException {
        Path folder = make(CacheFolderTest::fill);
        Files.delete(folder.resolve("a"));

        make(CacheFolderTest::fill);

        assertEquals("abc", Files.readString(folder.resolve("a")));
    }

    @Test
    void failureLeavesNothingAndSaysWhatToDo() throws IOException {
        var e =
                assertThrows(
                        AotiException.class,
                        () ->
                                make(
                                        folder -> {
                                            Files.writeString(folder.resolve("a"), "abc");
                                            throw new IOException("disk is full");
                                        }));

        assertTrue(e.getMessage().contains("disk is full"), e.getMessage());
        assertTrue(e.getMessage().contains("100003 bytes"), e.getMessage());
        assertTrue(e.getMessage().contains(root.resolve("things/v1").toString()), e.getMessage());
        assertTrue(e.getMessage().contains("aoti.cache"), e.getMessage());
        assertEquals(List.of(".v1.lock"), list());
    }

    @Test
    void typedExceptionOfTheFillerPassesThrough() {
        var thrown = new PackageException(Path.of("x.pt2"), "is damaged");

        assertSame(
                thrown,
                assertThrows(
                        PackageException.class,
                        () ->
                                make(
                                        folder -> {
                                            throw thrown;
                                        })));
    }

    @Test
    void wrongSizesAreNotPublished() throws IOException {
        assertThrows(
                AotiException.class, () -> make(folder -> Files.createFile(folder.resolve("a"))));

        assertEquals(List.of(".v1.lock"), list());
    }

    @Test
    void manyThreadsFillItOnce() throws Exception {
        int threads = 16;
        var fills = new AtomicInteger();
        var start = new CyclicBarrier(threads);
        Callable<Boolean> user =
                () -> {
                    start.await();
                    Path folder =
                            make(
                                    made -> {
                                        fills.incrementAndGet();
                                        fill(made);
                                    });
                    return CacheFolder.isComplete(folder, FILES);
                };
        try (var executor = Executors.newFixedThreadPool(threads)) {
            for (Future<Boolean> complete :
                    executor.invokeAll(Collections.nCopies(threads, user))) {
                assertTrue(complete.get());
            }
        }
        assertEquals(1, fills.get());
    }

    @Test
    void severalProcessesFillItOnce() throws Exception {
        List<Process> children = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            children.add(new ChildJvm(CacheUser.class).with(root, "complete").start());
        }
        int fills = 0;
        for (Process child : children) {
            ChildJvm.Ending result = ChildJvm.await(child);
            assertEquals(0, result.exitCode(), result.output());
            assertTrue(result.output().contains("complete"), result.output());
            fills += result.output().contains("filled") ? 1 : 0;
        }
        assertEquals(1, fills);
        assertEquals(List.of(".v1.lock", "v1"), list());
    }

    @Test
    void whatAKilledProcessLeftIsRemoved() throws Exception {
        ChildJvm.Ending killed = ChildJvm.run(new ChildJvm(CacheUser.class).with(root, "die"));
        assertEquals(9, killed.exitCode(), killed.output());
        assertEquals(2, list().size(), "a lock and a folder in the making");
        assertFalse(Files.exists(root.resolve("things/v1")));

        make(CacheFolderTest::fill);

        assertEquals(List.of(".v1.lock", "v1"), list());
    }

    private List<String> list() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("things"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Another process that wants the same folder, or dies while it makes it. */
    static final class CacheUser {
        private CacheUser() {}

        public static void main(String[] args) {
            Path folder =
                    UserCache.at(Path.of(args[0]))
                            .folder(
                                    "things/v1",
                                    FILES,
                                    made -> {
                                        System.out.println("filled");
                                        Files.writeString(made.resolve("a"), "abc");
                                        if (args[1].equals("die")) {
                                            Runtime.getRuntime().halt(9);
                                        }
                                        fill(made);
                                    });
            System.out.println(CacheFolder.isComplete(folder, FILES) ? "complete" : "in part");
        }
    }
}
