package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchOrigin;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.ChildJvm.Ending;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cache lies on a file system that fills up, is read-only, or takes no code: models are loaded
 * nevertheless, from memory, and nothing is left behind. Each time in a JVM with mounts of its own,
 * which takes user namespaces; where there are none these tests are skipped.
 */
@NeedsLibTorch
class FullDiskTest {
    private static final Fixture ADD_ONE = Fixture.of("add_one");
    private static final Fixture MLP = Fixture.of("mlp");

    @TempDir private Path folder;

    @BeforeEach
    void requireNamespaces() throws Exception {
        assumeTrue(mayMount(), "this system gives no process mounts of its own");
    }

    private boolean mayMount() throws InterruptedException {
        try {
            return ChildJvm.run(onDisk("true")).exitCode() == 0;
        } catch (IOException e) {
            // There is no such command.
            return false;
        }
    }

    /** What starts a command on whose folder a disk of 1 MiB is mounted. */
    private ProcessBuilder onDisk(String... command) {
        // Only root may mount: whoever this is is root in a namespace of users.
        List<String> all = new ArrayList<>(List.of("unshare", "--user", "--map-root-user"));
        all.addAll(List.of("--mount", "sh", "-c"));
        all.add("mount -t tmpfs -o size=1m none \"$0\" && exec \"$@\"");
        all.add(folder.toString());
        all.addAll(List.of(command));
        return new ProcessBuilder(all).redirectErrorStream(true);
    }

    private void assertSucceeds(ChildJvm child) throws Exception {
        ProcessBuilder builder = child.cache(folder.resolve("cache")).with(folder);
        Ending ending = ChildJvm.run(onDisk(builder.command().toArray(String[]::new)));
        assertEquals(0, ending.exitCode(), ending.output());
    }

    @Test
    void loadsWithAnyNumberOfPagesLeft() throws Exception {
        assertSucceeds(Children.of(AnyNumberOfPages.class));
    }

    /** Loads without a page left, then with one, and so on until they suffice. */
    static final class AnyNumberOfPages {
        private AnyNumberOfPages() {}

        public static void main(String[] args) throws Exception {
            var disk = new Disk(Path.of(args[0]));
            int pages = 0;
            do {
                disk.leavePages(pages++);
                disk.load(ADD_ONE);
                assertEquals(List.of(), disk.unfinished());
            } while (disk.libraries().isEmpty());
            assertTrue(pages > 1, "there was room from the beginning");
            disk.leaveAll();
            disk.load(ADD_ONE);
            disk.load(MLP);
            assertEquals(2, disk.libraries().size());
        }
    }

    @Test
    void readOnlyCacheServesWhatItHolds() throws Exception {
        assertSucceeds(Children.of(ReadOnly.class));
    }

    /** Loads what is in the cache, and what is not. */
    static final class ReadOnly {
        private ReadOnly() {}

        public static void main(String[] args) throws Exception {
            var disk = new Disk(Path.of(args[0]));
            disk.load(ADD_ONE);
            disk.remount("ro");
            disk.assertLoads(ADD_ONE, disk.cache().toString());
            disk.assertLoads(MLP, "/memfd:");
            disk.remount("rw");
            disk.assertLoads(MLP, disk.cache().toString());
        }
    }

    @Test
    void libraryIsLoadedFromMemoryWhereTheCacheTakesNoCode() throws Exception {
        assertSucceeds(Children.of(NoCode.class));
    }

    /** Loads what it may not execute where it lies. */
    static final class NoCode {
        private NoCode() {}

        public static void main(String[] args) throws Exception {
            var disk = new Disk(Path.of(args[0]));
            disk.remount("noexec");
            disk.assertLoads(ADD_ONE, "/memfd:");
            disk.remount("exec");
            disk.assertLoads(ADD_ONE, disk.cache().toString());
        }
    }

    @Test
    void libtorchThatFindsNoRoomLeavesNothing() throws Exception {
        EngineUnderTest.assumeLibTorch();
        assumeTrue(
                LibTorch.load().origin() == LibTorchOrigin.EMBEDDED,
                "this libtorch needs no unpacking");
        assertSucceeds(Children.of(NoLibTorch.class).libtorch(""));
    }

    /** Unpacks libtorch onto a disk that is too small for it. */
    static final class NoLibTorch {
        private NoLibTorch() {}

        public static void main(String[] args) throws Exception {
            var disk = new Disk(Path.of(args[0]));
            for (int i = 0; i < 2; i++) {
                String message = assertThrows(AotiException.class, ADD_ONE::load).getMessage();
                assertTrue(message.contains("No space left on device"), message);
                assertTrue(message.contains("AOTI_CACHE"), message);
                assertEquals(List.of(), disk.unfinished());
            }
        }
    }

    /** The disk that is mounted for this process. */
    private record Disk(Path root) {
        private static final int PAGE = 4096;

        Path cache() {
            return root.resolve("cache");
        }

        private Path filler() {
            return root.resolve("filler");
        }

        void leavePages(int count) throws IOException {
            try (var file = Files.newOutputStream(filler())) {
                byte[] page = new byte[PAGE];
                long free = Files.getFileStore(root).getUsableSpace() / PAGE;
                for (long i = count; i < free; i++) {
                    file.write(page);
                }
            }
            assertEquals((long) count * PAGE, Files.getFileStore(root).getUsableSpace());
        }

        void leaveAll() throws IOException {
            Files.delete(filler());
        }

        void remount(String option) throws Exception {
            var mount = new ProcessBuilder("mount", "-o", "remount," + option, root.toString());
            Ending ending = ChildJvm.run(mount.redirectErrorStream(true));
            assertEquals(0, ending.exitCode(), ending.output());
        }

        private List<Path> files() throws IOException {
            if (Files.notExists(cache())) {
                return List.of();
            }
            try (Stream<Path> all = Files.walk(cache())) {
                return all.filter(Files::isRegularFile).toList();
            }
        }

        List<Path> libraries() throws IOException {
            return files().stream().filter(file -> file.endsWith("model.so")).toList();
        }

        /** Files that are neither libraries, remembered keys nor locks. */
        List<Path> unfinished() throws IOException {
            return files().stream()
                    .filter(file -> !file.endsWith("model.so"))
                    .filter(file -> !file.startsWith(cache().resolve("models/keys")))
                    .filter(file -> !file.toString().endsWith(".lock"))
                    .toList();
        }

        void load(Fixture fixture) {
            assertLoads(fixture, "/");
        }

        /** Loads and runs a model, whose library is then mapped from a place. */
        void assertLoads(Fixture fixture, String place) {
            String name = fixture.cases().getFirst();
            try (Model model = Model.load(fixture.path());
                    Arena arena = Arena.ofConfined()) {
                List<Tensor> inputs = fixture.inputs(name, model, arena);
                Golden.assertMatches(fixture.outputs(name, arena), model.run(arena, inputs));
                assertTrue(mappedCode().anyMatch(line -> line.contains(" " + place)), place);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private static Stream<String> mappedCode() throws IOException {
            List<String> lines = Files.readAllLines(Path.of("/proc/self/maps"));
            return lines.stream().filter(line -> line.contains(" r-xp "));
        }
    }
}
