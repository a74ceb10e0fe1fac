package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What all sources have in common, whatever the format. */
class TensorSourceTest {
    @TempDir Path folder;

    enum Format {
        SAFETENSORS {
            @Override
            Path write(Path folder) throws IOException {
                return TestFiles.safetensors(folder.resolve("weights.safetensors"), "a", "b.c");
            }
        },
        SHARDS {
            @Override
            Path write(Path folder) throws IOException {
                return TestFiles.sharded(folder);
            }
        },
        TORCH_SAVE {
            @Override
            Path write(Path folder) throws IOException {
                return Files.write(folder.resolve("weights.pt"), TestFiles.torchSave());
            }
        },
        BLOB {
            @Override
            Path write(Path folder) throws IOException {
                return Files.write(folder.resolve("weights.blob"), TestFiles.blob());
            }

            @Override
            TensorSource open(Path path) {
                return WeightFiles.openBlob(path, TestTensors.blobLayout());
            }
        },
        PACKAGED_BLOB {
            @Override
            Path write(Path folder) throws IOException {
                return Files.write(folder.resolve("p.pt2"), TestFiles.packageWithBlob().build());
            }

            @Override
            TensorSource open(Path path) {
                try (var archive = Pt2Archive.open(path)) {
                    return archive.model("m").openBlob(TestTensors.blobLayout(), _ -> false);
                }
            }
        },
        PACKAGED_WEIGHTS {
            @Override
            Path write(Path folder) throws IOException {
                return Files.write(
                        folder.resolve("p.pt2"),
                        TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG).build());
            }

            @Override
            TensorSource open(Path path) {
                try (var archive = Pt2Archive.open(path)) {
                    return archive.model("m").openWeights(_ -> false);
                }
            }
        };

        abstract Path write(Path folder) throws IOException;

        TensorSource open(Path path) {
            return WeightFiles.open(path);
        }
    }

    @ParameterizedTest
    @EnumSource
    void findsTensorsByName(Format format) throws IOException {
        var path = format.write(folder);
        try (var source = format.open(path)) {
            assertEquals(path, source.path());
            assertEquals(List.of("a", "b.c"), source.names());
            var a = source.find("a").orElseThrow();
            assertEquals("a", a.name());
            assertEquals(DType.FLOAT32, a.dtype());
            assertArrayEquals(new long[] {2, 3}, a.shape());
            assertArrayEquals(new long[] {3, 1}, a.strides());
            assertArrayEquals(TestFiles.floats(6), bytes(a));
            var c = source.find("b.c").orElseThrow();
            assertEquals(DType.UINT8, c.dtype());
            assertArrayEquals(new byte[] {7, 8, 9}, bytes(c));
            assertTrue(source.find("b").isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsWhereATensorLies(Format format) throws IOException {
        try (var source = format.open(format.write(folder))) {
            for (String name : source.names()) {
                var tensor = source.find(name).orElseThrow();
                String[] location = tensor.location().split(", ", -1);
                var file = folder.resolve(location[0]);
                int offset =
                        Integer.parseInt(
                                location[location.length - 1].replaceFirst("^offset ", ""));
                byte[] whole = Files.readAllBytes(file);
                int end = Math.toIntExact(offset + tensor.segment().byteSize());
                assertArrayEquals(bytes(tensor), Arrays.copyOfRange(whole, offset, end));
                assertTrue(tensor.toString().contains(tensor.location()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsWritesToItself(Format format) throws IOException {
        var path = format.write(folder);
        byte[] before = Files.readAllBytes(path);
        try (var source = format.open(path);
                var duplicate = source.duplicate();
                var other = format.open(path)) {
            source.find("a").orElseThrow().segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
            duplicate.find("a").orElseThrow().segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 98);
            assertEquals(99, bytes(source.find("a").orElseThrow())[0]);
            assertEquals(98, bytes(duplicate.find("a").orElseThrow())[0]);
            assertEquals(0, bytes(other.find("a").orElseThrow())[0]);
        }
        assertArrayEquals(before, Files.readAllBytes(path));
    }

    @ParameterizedTest
    @EnumSource
    void duplicatesOutliveTheOriginalAndTheFilesName(Format format) throws IOException {
        var path = format.write(folder);
        var source = format.open(path);
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        try (var duplicate = source.duplicate()) {
            source.close();
            assertEquals(path, duplicate.path());
            assertArrayEquals(new byte[] {7, 8, 9}, bytes(duplicate.find("b.c").orElseThrow()));
        }
        assertThrows(IllegalStateException.class, source::duplicate);
    }

    @ParameterizedTest
    @EnumSource
    void staysMappedUntilTheLastHoldIsGone(Format format) throws IOException {
        var source = format.open(format.write(folder));
        var a = source.find("a").orElseThrow().segment();
        var c = source.find("b.c").orElseThrow().segment();
        var first = source.hold();
        var second = source.hold();
        first.close();
        first.close();
        source.close();
        source.close();
        assertArrayEquals(TestFiles.floats(6), a.toArray(ValueLayout.JAVA_BYTE));
        assertEquals(9, c.get(ValueLayout.JAVA_BYTE, 2));
        second.close();
        assertGone(a);
        assertGone(c);
        second.close();
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @ParameterizedTest
    @EnumSource
    void unmapsOnCloseWhenNothingIsHeld(Format format) throws IOException {
        var source = format.open(format.write(folder));
        assertTrue(TestFiles.uses(folder.toString()) > 0);
        var a = source.find("a").orElseThrow().segment();
        source.hold().close();
        source.close();
        assertGone(a);
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @ParameterizedTest
    @EnumSource
    void namesTheFileWhenUsedAfterClose(Format format) throws IOException {
        var path = format.write(folder);
        var source = format.open(path);
        try (var _ = source.hold()) {
            source.close();
            assertEquals(List.of("a", "b.c"), source.names());
            assertEquals(path, source.path());
            for (var use :
                    List.<org.junit.jupiter.api.function.Executable>of(
                            () -> source.find("a"),
                            source::hold,
                            source::duplicate,
                            () -> source.prefetch(Paging.LAZY, Progress.NONE))) {
                var failure = assertThrows(IllegalStateException.class, use);
                assertTrue(failure.getMessage().contains(folder.toString()), failure.getMessage());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsPagesAheadAndReports(Format format) throws IOException {
        try (var source = format.open(format.write(folder))) {
            for (var paging : Paging.values()) {
                var reports = new ArrayList<Long>();
                var totals = new ArrayList<Long>();
                source.prefetch(
                        paging,
                        (message, done, total) -> {
                            assertTrue(message.contains(source.path().toString()), message);
                            reports.add(done);
                            totals.add(total);
                        });
                if (paging == Paging.LAZY) {
                    assertEquals(List.of(), reports);
                    continue;
                }
                assertEquals(0, reports.getFirst());
                assertEquals(reports.getLast(), totals.getFirst());
                var sorted = new ArrayList<>(reports);
                Collections.sort(sorted);
                assertEquals(sorted, reports);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesNulls(Format format) throws IOException {
        try (var source = format.open(format.write(folder))) {
            assertThrows(NullPointerException.class, () -> source.find(null));
            assertThrows(NullPointerException.class, () -> source.prefetch(Paging.POPULATE, null));
            assertThrows(NullPointerException.class, () -> source.prefetch(null, Progress.NONE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsWhenTheListenerThrows(Format format) throws IOException {
        var stop = new IllegalArgumentException("enough");
        var path = format.write(folder);
        try (var source = format.open(path)) {
            for (var paging : List.of(Paging.WILLNEED, Paging.POPULATE, Paging.LOCKED)) {
                var failure =
                        assertThrows(
                                IllegalArgumentException.class,
                                () ->
                                        source.prefetch(
                                                paging,
                                                (message, done, total) -> {
                                                    throw stop;
                                                }));
                assertSame(stop, failure);
            }
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @ParameterizedTest
    @EnumSource
    void tensorsAreWritable(Format format) throws IOException {
        try (var source = format.open(format.write(folder))) {
            assertFalse(source.find("a").orElseThrow().segment().isReadOnly());
        }
    }

    private static byte[] bytes(StoredTensor tensor) {
        return tensor.segment().toArray(ValueLayout.JAVA_BYTE);
    }

    private static void assertGone(MemorySegment segment) {
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
    }
}
