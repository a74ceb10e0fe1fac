package io.github.aoti4j.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Children;
import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.cache.PruneRule;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.internal.library.LibraryCache;
import io.github.aoti4j.internal.library.LibraryCache.Packaged;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * Processes that use the cache are killed at any moment; who comes next finds what is right, and
 * leaves nothing behind. {@code -Daoti.test.kills=N} kills more often.
 */
@NeedsLibTorch
class CrashTest {
    private static final int KILLS = Integer.getInteger("aoti.test.kills", 4);
    private static final int LIBRARIES = 3;

    /** Enough that writing one takes a while. */
    private static final int SIZE = 4 << 20;

    @TempDir private Path folder;

    private static ProcessBuilder child(Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add("-Daoti.libtorch=" + Children.libtorch());
        command.add("-Daoti.engine=" + System.getProperty("aoti.engine", "auto"));
        command.add("-Daoti.cache=" + arguments[0]);
        command.add(main.getName());
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    private static Packaged library(Path packageFile, int number) {
        byte[] bytes = Arrays.copyOf(WrapperFixtures.entry("add_one", ".wrapper.so"), SIZE);
        bytes[SIZE - 1] = (byte) number;
        var crc = new CRC32();
        crc.update(bytes);
        var segment = MemorySegment.ofArray(bytes);
        var elf = ElfFile.read(segment, packageFile, "x.so");
        return new Packaged(packageFile, "x.so", 64L * number, segment, crc.getValue(), elf);
    }

    private List<String> leftovers() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("cache/models"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.contains(".tmp"))
                    .toList();
        }
    }

    @Test
    void unpackingAndRemovingMayBeKilledAtAnyMoment() throws Exception {
        Path packageFile = Files.write(folder.resolve("m.pt2"), new byte[] {1});
        Path cache = folder.resolve("cache");
        var mine = new LibraryCache(UserCache.at(cache));
        var random = new Random(7);
        for (int kill = 0; kill < KILLS; kill++) {
            List<Process> children = new ArrayList<>();
            try {
                for (int i = 0; i < 2; i++) {
                    children.add(child(Unpacker.class, cache, packageFile, kill + i).start());
                }
                for (Process process : children) {
                    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
                    assertEquals("ready", output.readLine());
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
                    process.toHandle().destroyForcibly(); // Process's own closes its output
                    process.waitFor();
                    assertEquals(null, output.readLine(), "it found nothing wrong until then");
                }
            } finally {
                children.forEach(Process::destroyForcibly);
            }
            for (int number = 0; number < LIBRARIES; number++) {
                Packaged library = library(packageFile, number);
                Path file = mine.unpack(library);
                byte[] expected = library.bytes().toArray(ValueLayout.JAVA_BYTE);
                library.elf().makeLoadable(expected, 0);
                assertArrayEquals(expected, Files.readAllBytes(file));
            }
            // Where all was there, nothing was made, and so nothing swept.
            UserCache.at(cache).prune(Unpacker.ALL);
            assertEquals(List.of(), leftovers());
        }
    }

    /** Unpacks and removes libraries until it is killed, and says so if one is not right. */
    static final class Unpacker {
        static final PruneRule ALL = new PruneRule(0, PruneRule.NEVER, PruneRule.NEVER, true);

        private Unpacker() {}

        public static void main(String[] args) throws IOException {
            var cache = UserCache.at(Path.of(args[0]));
            var random = new Random(Long.parseLong(args[2]));
            List<Packaged> libraries = new ArrayList<>();
            for (int number = 0; number < LIBRARIES; number++) {
                libraries.add(library(Path.of(args[1]), number));
            }
            System.out.println("ready");
            // Without its parent nobody is left to kill it.
            ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
            while (parent.isAlive()) {
                Packaged library = libraries.get(random.nextInt(LIBRARIES));
                Path file = new LibraryCache(cache).unpack(library);
                try {
                    if (Files.size(file) != SIZE) {
                        System.out.println(file + " is cut short");
                    }
                } catch (NoSuchFileException e) {
                    // The other one has removed it.
                }
                if (random.nextInt(4) == 0) {
                    var _ = cache.prune(ALL);
                }
            }
        }
    }

    @Test
    void loadingMayBeKilledAtAnyMoment() throws Exception {
        Path cache = folder.resolve("cache");
        Path model = Path.of("src/test/fixtures/add_one/add_one.pt2").toAbsolutePath();
        var random = new Random(7);
        for (int kill = 0; kill < KILLS / 2; kill++) {
            Process killed = child(Loader.class, cache, model).start();
            killed.inputReader(StandardCharsets.UTF_8).readLine();
            TimeUnit.MILLISECONDS.sleep(random.nextInt(600));
            killed.destroyForcibly().waitFor();

            Process loader = child(Loader.class, cache, model).start();
            String output =
                    new String(loader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertEquals(0, loader.waitFor(), output);
            assertEquals("loading\n[2.0, 3.0, 4.0]\n", output);
            assertEquals(List.of(), leftovers());
            UserCache.at(cache).prune(Unpacker.ALL);
        }
    }

    /** Loads a model and runs it once. */
    static final class Loader {
        private Loader() {}

        public static void main(String[] args) {
            System.out.println("loading");
            float[] input = new float[80];
            for (int i = 0; i < input.length; i++) {
                input[i] = i + 1;
            }
            try (Model model = Model.load(Path.of(args[1]));
                    Arena arena = Arena.ofConfined()) {
                Tensor output = model.run(arena, Tensor.of(arena, input, 8, 10)).getFirst();
                System.out.println(Arrays.toString(Arrays.copyOf(output.toFloatArray(), 3)));
            }
        }
    }
}
