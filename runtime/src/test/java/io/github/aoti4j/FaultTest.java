package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.ChildJvm.Ending;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.weights.files.SafetensorsFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The system has no more to give: what fails says what it lacked, leaves nothing behind, and works
 * when there is some again. Mostly in JVMs of their own.
 */
@NeedsLibTorch
class FaultTest {
    private static final Fixture ADD_ONE = Fixture.of("add_one");
    private static final Fixture MLP = Fixture.of("weights_mlp");

    @TempDir private Path folder;

    private static void loadAndRun(Fixture fixture, Path file) {
        try (Model model = Model.load(file);
                Arena arena = Arena.ofConfined()) {
            String name = fixture.cases().getFirst();
            List<Tensor> inputs = fixture.inputs(name, model, arena);
            Golden.assertMatches(fixture.outputs(name, arena), model.run(arena, inputs));
        }
    }

    private static void assertSucceeds(ProcessBuilder child) throws Exception {
        Ending ending = ChildJvm.run(child);
        assertEquals(0, ending.exitCode(), ending.output());
    }

    @Test
    void libraryThatFindsNoRoomIsNotLoadedAndLeavesNothing() throws Exception {
        Path cache = folder.resolve("cache");
        // No file may grow beyond 32 KiB, nor one in memory.
        assertSucceeds(Children.of(NoRoom.class).cache(cache).after("ulimit -f 64"));
        try (Stream<Path> left = Files.walk(cache)) {
            assertEquals(List.of(), left.filter(file -> file.endsWith("model.so")).toList());
        }
        assertSucceeds(Children.of(Room.class).cache(cache).with());
        try (Stream<Path> models = Files.list(cache.resolve("models"))) {
            assertFalse(models.anyMatch(entry -> entry.toString().contains(".tmp")));
        }
    }

    /** Expects to find no room. */
    static final class NoRoom {
        private NoRoom() {}

        public static void main(String[] args) throws Exception {
            long before = 0;
            for (int i = 0; i < 3; i++) {
                String message = failure(() -> loadAndRun(ADD_ONE, ADD_ONE.path()));
                assertTrue(message.contains("File too large"), message);
                // The first one has opened jars and libtorch.
                before = i == 0 ? Vitals.now().descriptors() : before;
            }
            assertEquals(before, Vitals.now().descriptors());
        }
    }

    /** Expects to find all that it takes. */
    static final class Room {
        private Room() {}

        public static void main(String[] args) {
            loadAndRun(ADD_ONE, ADD_ONE.path());
        }
    }

    private static String failure(Runnable failing) {
        try {
            failing.run();
        } catch (AotiException e) {
            return e.toString();
        }
        throw new AssertionError("did not fail");
    }

    @Test
    void loadsWithoutHomeAndWithoutTemporaryFolder() throws Exception {
        var child =
                Children.of(Room.class)
                        .options("-Duser.home=/nonexistent", "-Djava.io.tmpdir=/nonexistent")
                        .with();
        child.environment().put("HOME", "/nonexistent");
        List.of("AOTI_CACHE", "XDG_CACHE_HOME").forEach(child.environment()::remove);
        assertSucceeds(child);
    }

    @Test
    void loadFailsCleanlyAtEachDescriptorThatIsMissing() throws Exception {
        assertSucceeds(
                Children.of(NoDescriptors.class)
                        .cache(folder.resolve("cache"))
                        .options("-XX:-MaxFDLimit")
                        .after("ulimit -n 256"));
    }

    /** Loads with so many descriptors left, from none to enough. */
    static final class NoDescriptors {
        private static final int ENOUGH = 12;

        private NoDescriptors() {}

        public static void main(String[] args) throws Exception {
            List<Path> packages = List.of(MLP.folder().resolve("disk.pt2"), ADD_ONE.path());
            loadClasses();
            // The logger's first message opens files of the JDK's, such as that of time zones.
            System.getLogger("io.github.aoti4j").log(System.Logger.Level.INFO, "faults follow");
            ModelOptions options = ModelOptions.defaults();
            for (Path file : packages) {
                loadAndRun(fixture(file), file);
                // This thread keeps a library in memory loaded, and so its descriptor.
                MemorySegment bytes = MemorySegment.ofArray(Files.readAllBytes(file));
                Model.load(bytes, options).close();
            }
            Vitals before = Vitals.now();
            int failures = 0;
            for (Path file : packages) {
                byte[] bytes = Files.readAllBytes(file);
                for (int left = 0; left < ENOUGH; left++) {
                    failures += fails(left, () -> Model.load(file).close());
                    MemorySegment memory = MemorySegment.ofArray(bytes);
                    failures += fails(left, () -> Model.load(memory, options).close());
                }
                loadAndRun(fixture(file), file);
            }
            assertTrue(failures > 4, failures + " failures");
            assertEquals(before.descriptors(), Vitals.now().descriptors());
            long more = Vitals.now().mappings() - before.mappings();
            assertTrue(more <= 8, more + " mappings more");
        }

        /** A class in a folder, and not in a jar that is open, takes a descriptor to be loaded. */
        private static void loadClasses() throws Exception {
            for (String part :
                    System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                Path root = Path.of(part);
                if (part.isEmpty() || !Files.isDirectory(root)) {
                    continue;
                }
                try (Stream<Path> files = Files.walk(root)) {
                    for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                        String name = root.relativize(file).toString().replace('/', '.');
                        if (!name.contains("-info")) {
                            Class.forName(
                                    name.substring(0, name.length() - ".class".length()),
                                    false,
                                    FaultTest.class.getClassLoader());
                        }
                    }
                }
            }
        }

        private static Fixture fixture(Path file) {
            return file.startsWith(MLP.folder()) ? MLP : ADD_ONE;
        }

        private static int fails(int left, Runnable load) throws IOException {
            try (var _ = new Hoard(left)) {
                load.run();
                return 0;
            } catch (AotiException e) {
                return 1;
            }
        }
    }

    /** Holds all descriptors but some. */
    private static final class Hoard implements AutoCloseable {
        private final List<FileChannel> all = new ArrayList<>();

        Hoard(int left) throws IOException {
            try {
                while (all.size() < 10_000) {
                    all.add(FileChannel.open(Path.of("/dev/null")));
                }
            } catch (IOException e) {
                // That was the last one.
            }
            for (int i = 0; i < left; i++) {
                all.removeLast().close();
            }
        }

        @Override
        public void close() throws IOException {
            for (FileChannel one : all) {
                one.close();
            }
        }
    }

    @Test
    void fileThatFindsNoAddressesIsRefused() throws Exception {
        Path huge = folder.resolve("huge.safetensors");
        try (var file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(64L << 30); // all of it a hole
        }
        assertSucceeds(Children.of(NoAddresses.class).with(huge));
    }

    /** Opens a file with little more address space than there is in use. */
    static final class NoAddresses {
        private NoAddresses() {}

        public static void main(String[] args) throws Exception {
            Path huge = Path.of(args[0]);
            loadAndRun(ADD_ONE, ADD_ONE.path());
            Addresses.limitTo(1L << 40);
            String enough = failure(() -> SafetensorsFile.open(huge).close());
            assertTrue(enough.contains("header"), enough);
            Vitals before = Vitals.now();

            Addresses.limitTo(8L << 30);
            String message = failure(() -> SafetensorsFile.open(huge).close());

            assertTrue(message.contains(huge.toString()), message);
            assertTrue(message.contains("Cannot allocate memory"), message);
            assertEquals(before.descriptors(), Vitals.now().descriptors());
            loadAndRun(ADD_ONE, ADD_ONE.path());
        }
    }

    @Test
    void fileInUseMayBeReplacedByRenaming() throws IOException {
        Path weights = folder.resolve("weights.safetensors");
        Path other = folder.resolve("other.safetensors");
        Files.copy(MLP.folder().resolve("weights.safetensors"), weights);
        Files.copy(MLP.folder().resolve("weights_other.safetensors"), other);
        Path file = Files.copy(MLP.folder().resolve("none.pt2"), folder.resolve("none.pt2"));
        ModelOptions options = ModelOptions.defaults().weights(weights);
        try (Model model = Model.load(file, options);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = MLP.inputs("batch3", model, arena);
            float[] before = model.run(arena, inputs).getFirst().toFloatArray();
            Files.move(other, weights, StandardCopyOption.REPLACE_EXISTING);
            Files.write(folder.resolve("no package"), new byte[] {1});
            Files.move(folder.resolve("no package"), file, StandardCopyOption.REPLACE_EXISTING);
            assertArrayEquals(before, model.run(arena, inputs).getFirst().toFloatArray());

            model.constants().update(weights);
            List<Tensor> after = model.run(arena, inputs);
            Golden.assertMatches(MLP.outputs("batch3.other", arena), after);
        }
    }
}
