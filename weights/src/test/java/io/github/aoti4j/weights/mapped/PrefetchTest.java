package io.github.aoti4j.weights.mapped;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.bindings.os.Pages;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Paging;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

class PrefetchTest {
    private static final long PAGE = Pages.SIZE;

    @TempDir Path folder;

    @Test
    void readsThePagesOfTensorsAndNoOthers() throws IOException {
        try (var file = file(100 * PAGE)) {
            var tensors =
                    List.of(
                            tensor(90 * PAGE + 5, 10), // page 90
                            tensor(10 * PAGE, PAGE), // page 10
                            tensor(12 * PAGE - 1, 2), // pages 11 and 12
                            tensor(12 * PAGE, 10), // page 12, once
                            tensor(50 * PAGE, 0));
            assertEquals(2 * PAGE + 10 + 15, populated(file, tensors));
            assertEquals(4 * PAGE, locked(file, tensors));
        }
    }

    @Test
    void readsSharedBytesOnce() throws IOException {
        try (var file = file(20 * PAGE)) {
            var tensors =
                    List.of(
                            tensor(2 * PAGE, 8 * PAGE),
                            tensor(3 * PAGE, PAGE),
                            tensor(2 * PAGE, 8 * PAGE));
            assertEquals(8 * PAGE, populated(file, tensors));
            assertEquals(8 * PAGE, locked(file, tensors));
        }
    }

    @Test
    void reportsLargeFilesInSlices() throws IOException {
        long size = (150L << 20) + 7;
        try (var file = file(size)) {
            var reports = new ArrayList<Long>();
            var totals = new LinkedHashSet<Long>();
            new Prefetch(file.path(), List.of(file), List.of(tensor(0, size)))
                    .run(
                            Paging.WILLNEED,
                            (message, done, total) -> {
                                reports.add(done);
                                totals.add(total);
                            });
            assertEquals(List.of(0L, 64L << 20, 128L << 20, size), reports);
            assertEquals(List.of(size), List.copyOf(totals));
        }
    }

    @Test
    void reportsNothingWhereThereIsNothing() throws IOException {
        try (var file = file(PAGE)) {
            assertEquals(0, populated(file, List.of()));
            assertEquals(0, populated(file, List.of(tensor(5, 0))));
        }
    }

    @Test
    void leavesNothingLockedWhenItFails() throws IOException {
        var path = folder.resolve("file");
        try (var file = file(10 * PAGE)) {
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(2 * PAGE);
            }
            var prefetch =
                    new Prefetch(
                            path, List.of(file), List.of(tensor(0, PAGE), tensor(5 * PAGE, PAGE)));
            assertThrows(NativeException.class, () -> prefetch.run(Paging.LOCKED, Progress.NONE));
            assertEquals(0, locked(file));
        }
    }

    private static long populated(MappedFile file, List<PlacedTensor> tensors) {
        long[] last = {0};
        new Prefetch(file.path(), List.of(file), tensors)
                .run(Paging.POPULATE, (message, done, total) -> last[0] = done);
        return last[0];
    }

    private static PlacedTensor tensor(long offset, long span) {
        long[] shape = {span};
        return new PlacedTensor("t", DType.UINT8, shape, new long[] {1}, 0, "", offset, span);
    }

    private MappedFile file(long size) throws IOException {
        var path = folder.resolve("file");
        MappedFileTest.writeAt(path, size - 1, new byte[] {1});
        return MappedFile.open(path);
    }

    /** Bytes of the pages that were asked for; the kernel reads others around them. */
    private static long locked(MappedFile file, List<PlacedTensor> tensors) throws IOException {
        try {
            new Prefetch(file.path(), List.of(file), tensors).run(Paging.LOCKED, Progress.NONE);
        } catch (NativeException e) {
            assumeTrue(false, "this process may lock no memory: " + e.getMessage());
        }
        return locked(file);
    }

    /** Locking splits a mapping into parts with and without. */
    private static long locked(MappedFile file) throws IOException {
        long sum = 0;
        long size = 0;
        boolean found = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                found = line.contains(file.path().toString());
            } else if (found && line.startsWith("Size:")) {
                size = Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            } else if (found && line.startsWith("VmFlags:") && line.contains(" lo")) {
                sum += size;
            }
        }
        return sum;
    }
}
