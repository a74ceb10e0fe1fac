package io.github.aoti4j.internal.library;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.library.LibraryCache.Packaged;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;

class LibraryCacheTest {
    private final byte[] library = WrapperFixtures.entry("add_one", ".wrapper.so");

    @TempDir private Path folder;
    private Path packageFile;
    private LibraryCache cache;

    @BeforeEach
    void open() throws IOException {
        packageFile = Files.write(folder.resolve("m.pt2"), new byte[] {1});
        cache = new LibraryCache(UserCache.at(folder.resolve("cache")));
    }

    private Packaged packaged(byte[] bytes) {
        return packaged(bytes, crc(bytes));
    }

    private Packaged packaged(byte[] bytes, long crc) {
        var segment = MemorySegment.ofArray(bytes);
        return new Packaged(
                packageFile,
                "m/x.wrapper.so",
                64,
                segment,
                crc,
                ElfFile.read(segment, packageFile, "m/x.wrapper.so"));
    }

    private static long crc(byte[] bytes) {
        var crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    private long files(String name) throws IOException {
        try (Stream<Path> tree = Files.walk(folder.resolve("cache"))) {
            return tree.filter(Files::isRegularFile)
                    .filter(file -> file.getFileName().toString().startsWith(name))
                    .count();
        }
    }

    private List<Path> keys() throws IOException {
        try (Stream<Path> keys = Files.list(folder.resolve("cache/models/keys"))) {
            return keys.toList();
        }
    }

    @Test
    void unpacksALibraryThatDemandsNoExecutableStack() throws IOException {
        Path file = cache.unpack(packaged(library));
        byte[] unpacked = Files.readAllBytes(file);
        var elf = ElfFile.read(MemorySegment.ofArray(unpacked), file, "model.so");
        assertFalse(elf.demandsExecutableStack());
        byte[] expected = library.clone();
        packaged(library).elf().makeLoadable(expected, 0);
        assertArrayEquals(expected, unpacked);
    }

    /** Each is found again by its own key. */
    @Test
    void copiesThatNeedOtherLibrariesAreOtherEntries() throws IOException {
        Packaged plain = packaged(library);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertTrue(needs(cache.unpack(plain)).contains("libtorch_cpu.so"));
            for (String name : List.of("libaoti0.so", "libaoti1.so")) {
                List<String> needs = needs(cache.unpack(plain.withLibTorch(name)));
                assertTrue(needs.contains(name), needs.toString());
                assertFalse(needs.contains("libtorch_cpu.so"), needs.toString());
            }
        }
        assertEquals(3, files("model.so"));
    }

    private static List<String> needs(Path file) throws IOException {
        MemorySegment bytes = MemorySegment.ofArray(Files.readAllBytes(file));
        return ElfFile.read(bytes, file, "model.so").needed();
    }

    @Test
    void keepsOthersOut() throws IOException {
        Path file = cache.unpack(packaged(library));
        assertEquals("rw-------", permissions(file));
        assertEquals("rwx------", permissions(file.getParent()));
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void unpacksTheSameLibraryOnce() throws IOException {
        Path first = cache.unpack(packaged(library));
        FileTime time = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(first, time);
        packageFile = Files.write(folder.resolve("copy.pt2"), new byte[] {2});
        Path second = cache.unpack(packaged(library));
        assertEquals(first, second);
        assertEquals(time, Files.getLastModifiedTime(second));
    }

    @Test
    void tellsLibrariesApartByTheirContent() {
        byte[] other = library.clone();
        other[other.length - 1]++;
        assertNotEquals(cache.unpack(packaged(library)), cache.unpack(packaged(other)));
    }

    @Test
    void refusesALibraryWhoseChecksumDiffers() throws IOException {
        var e =
                assertThrows(
                        PackageException.class,
                        () -> cache.unpack(packaged(library, crc(library) ^ 1)));
        assertTrue(
                e.getMessage()
                        .startsWith(
                                packageFile + ": entry m/x.wrapper.so is damaged: its CRC-32 is "),
                e.getMessage());
        assertFalse(Files.exists(folder.resolve("cache/models")));
    }

    @Test
    void replacesADamagedFileWithoutWritingIntoIt() throws IOException {
        Path file = cache.unpack(packaged(library));
        byte[] good = Files.readAllBytes(file);
        for (int at : new int[] {0, 100, good.length - 1}) {
            byte[] bad = good.clone();
            bad[at] ^= 0x55;
            Files.write(file, bad);
            Object inode = Files.getAttribute(file, "unix:ino");
            assertEquals(file, cache.unpack(packaged(library)));
            assertArrayEquals(good, Files.readAllBytes(file));
            assertNotEquals(inode, Files.getAttribute(file, "unix:ino"));
        }
        Files.write(file, Arrays.copyOf(good, 1000));
        assertEquals(file, cache.unpack(packaged(library)));
        assertArrayEquals(good, Files.readAllBytes(file));
        assertEquals(1, files("model.so"), "nothing is left over");
    }

    @Test
    void remembersTheKeysOfLibraries() throws IOException {
        Path file = cache.unpack(packaged(library));
        assertEquals(1, keys().size());

        // Had it been hashed, this change would show.
        byte[] changed = library.clone();
        changed[library.length / 2] = 77;
        assertEquals(file, cache.unpack(packaged(changed, crc(library))));

        // Where the key is known and the file is gone, the checksum is compared while it is copied.
        Files.delete(file);
        assertThrows(PackageException.class, () -> cache.unpack(packaged(changed, crc(library))));
        assertEquals(file, cache.unpack(packaged(library)));
    }

    @Test
    void hashesAgainWhenThePackageIsAnotherFile() throws IOException {
        Path file = cache.unpack(packaged(library));
        byte[] changed = library.clone();
        changed[library.length / 2] = 77;
        assertNotEquals(file, cache.unpack(packaged(changed)), "another checksum");
        Files.setLastModifiedTime(packageFile, FileTime.fromMillis(1_000_000_000_000L));
        assertThrows(
                PackageException.class,
                () -> cache.unpack(packaged(changed, crc(library))),
                "another time");
    }

    @Test
    void hashesAgainWhereTheRememberedKeyIsDamaged() throws IOException {
        Path file = cache.unpack(packaged(library));
        Files.writeString(keys().getFirst(), "../../../etc");
        assertEquals(file, cache.unpack(packaged(library)));
    }

    @Test
    void hashesAgainWhereAnotherLibraryHasTakenThePlace() throws IOException {
        byte[] changed = library.clone();
        changed[library.length / 2] ^= 1;
        Path other = cache.unpack(packaged(changed));
        byte[] remembered = Files.readAllBytes(keys().getFirst());
        Path file = cache.unpack(packaged(library));
        assertNotEquals(other, file);

        for (Path key : keys()) {
            Files.write(key, remembered);
        }

        assertEquals(file, cache.unpack(packaged(library)));
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            Callable<Path> task = () -> cache.unpack(packaged(library));
            var results = threads.invokeAll(IntStream.range(0, 32).mapToObj(i -> task).toList());
            for (var result : results) {
                assertEquals(results.getFirst().get(), result.get());
            }
        }
        assertEquals(1, files("model.so"));
    }

    /**
     * A file where the cache should be: as on a full disk, nothing can be written, even by root.
     */
    private LibraryCache unusable() throws IOException {
        return new LibraryCache(UserCache.at(Files.createFile(folder.resolve("file"))));
    }

    @Test
    @NeedsLibTorch
    void opensFromMemoryWhereTheCacheCannotBeWrittenTo() throws IOException {
        LibTorch.load();
        try (NativeLibrary opened = unusable().prepare(packaged(library)).open()) {
            assertTrue(opened.has("AOTInductorModelContainerRun"));
            assertEquals(packageFile + "!m/x.wrapper.so", opened.name());
        }
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertTrue(
                    maps.noneMatch(line -> line.endsWith("[stack]") && line.contains("rwx")),
                    "the stack is not executable");
        }
    }

    @Test
    @NeedsLibTorch
    void opensFromMemoryWhatTheLoaderRefusesInTheCache() throws IOException {
        LibTorch.load();
        var prepared = cache.prepare(packaged(library));
        Path file = cache.unpack(packaged(library));
        Files.delete(file);
        Files.createDirectory(file);
        try (NativeLibrary opened = prepared.open()) {
            assertEquals(packageFile + "!m/x.wrapper.so", opened.name());
        }
    }

    @Test
    @NeedsLibTorch
    void opensWhatWasRemovedSinceItWasUnpacked() throws IOException {
        LibTorch.load();
        var prepared = cache.prepare(packaged(library));
        Path file = cache.unpack(packaged(library));
        Files.delete(file);
        try (NativeLibrary opened = prepared.open()) {
            assertEquals(file.toString(), opened.name());
        }
    }

    @Test
    void checksumCountsInMemoryToo() {
        var damaged = packaged(library, crc(library) ^ 1);
        assertThrows(PackageException.class, () -> LibraryCache.openInMemory(damaged));
        assertThrows(PackageException.class, () -> unusable().prepare(damaged).open());
    }
}
