package io.github.aoti4j.internal.library;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.os.MemoryLibraries;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.mapped.MemorySegments;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The compiled libraries of models, unpacked once into the user's cache: {@code
 * models/<key>/model.so}. Any number of threads and processes may use one cache.
 *
 * <p>The key is the SHA-256 of the library as packaged: packages share what is the same, and a
 * model that was trained again never gets the weights of the one before, which a checksum of 32
 * bits would allow. {@link LibraryKeys} remembers keys, so that a library is hashed once. The key
 * has a number for what {@link ElfFile#makeLoadable(FileChannel, String)} changes, too, and the
 * name of the library that the copy needs in place of libtorch, if there is one.
 *
 * <p>A library that is there is compared by its size, its first and its last bytes, and replaced by
 * renaming if it is damaged, never written to: a process that has it loaded keeps the old file.
 *
 * <p>Models with the same library get the same path, which the dynamic loader loads once:
 * containers and constants are each model's own, and static variables of the library are shared.
 * Where these matter, there are further copies ({@link Packaged#copy}).
 */
public final class LibraryCache {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** Another one whenever unpacked libraries are changed in another way. */
    static final String FORMAT = "3";

    private static final String FILE = "model.so";

    /** How often a file that is gone before it could be opened is unpacked once more. */
    private static final int ATTEMPTS = 3;

    /** How much of each end of a file is compared: a page, as that is what tends to get lost. */
    private static final int COMPARED = 4096;

    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final UserCache cache;
    private final LibraryKeys keys;

    /** The substitute of the cache is not used: a library can be loaded from memory instead. */
    public LibraryCache(UserCache cache) {
        this.cache = cache.withoutSubstitute();
        keys = new LibraryKeys(this.cache);
    }

    /**
     * A library in a package.
     *
     * @param path the package; a name for people where it is no file
     * @param bytes the library; must stay readable while it is unpacked
     * @param libtorch what the unpacked copy is to need in place of libtorch; null for libtorch
     * @param copy number of the unpacked copy: each has static variables of its own
     */
    public record Packaged(
            Path path,
            String entry,
            long offset,
            MemorySegment bytes,
            long crc32,
            ElfFile elf,
            String libtorch,
            int copy) {
        public Packaged(
                Path path,
                String entry,
                long offset,
                MemorySegment bytes,
                long crc32,
                ElfFile elf) {
            this(path, entry, offset, bytes, crc32, elf, null, 0);
        }

        /** Returns the same library, to be unpacked as a copy that needs another one. */
        public Packaged withLibTorch(String name) {
            return new Packaged(path, entry, offset, bytes, crc32, elf, name, copy);
        }

        /** Returns the same library, to be unpacked as another copy. */
        public Packaged withCopy(int number) {
            return new Packaged(path, entry, offset, bytes, crc32, elf, libtorch, number);
        }

        /** Returns what distinguishes copies of one library. */
        String format() {
            String format = libtorch == null ? FORMAT : FORMAT + " " + libtorch;
            return copy == 0 ? format : format + " copy " + copy;
        }
    }

    /**
     * Unpacks a library, unless it is there.
     *
     * @return the unpacked file, to be opened but never written to
     * @throws PackageException if the library's bytes are not those that its checksum was made of,
     *     or it cannot be made to do without an executable stack
     * @throws AotiException if the cache cannot be written to
     */
    public Path unpack(Packaged library) {
        Optional<String> known = keys.find(library);
        String key = known.orElseGet(() -> hash(library));
        Path folder =
                cache.folder(
                        "models/" + key,
                        Map.of(FILE, library.bytes().byteSize()),
                        unpacked -> isSound(unpacked.resolve(FILE), library),
                        empty -> copy(library, empty.resolve(FILE)));
        Path file = folder.resolve(FILE);
        if (known.isEmpty()) {
            keys.keep(library, key);
        }
        return file;
    }

    /**
     * Unpacks a library, to be opened later: where the cache is of no use, from memory.
     *
     * @throws PackageException as {@link #unpack}
     */
    public Unpacked prepare(Packaged library) {
        try {
            return new Unpacked(library, unpack(library), null);
        } catch (PackageException e) {
            throw e;
        } catch (AotiException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            return new Unpacked(library, null, e);
        }
    }

    /** A library that is ready to be opened. */
    public final class Unpacked {
        private final Packaged library;
        private final Path file;
        private final AotiException problem;

        private Unpacked(Packaged library, Path file, AotiException problem) {
            this.library = library;
            this.file = file;
            this.problem = problem;
        }

        /**
         * Opens the library: from the cache, or where that cannot be written to or no code may be
         * loaded from it (a read-only or {@code noexec} file system, a full disk), from memory. The
         * package must still be open.
         *
         * @throws PackageException as {@link LibraryCache#unpack}
         * @throws NativeException if it cannot be loaded, with the loader's message
         */
        public NativeLibrary open() {
            if (problem != null) {
                return openInMemory(library, problem);
            }
            try {
                return openFile();
            } catch (NativeException e) {
                return openInMemory(library, e);
            }
        }

        /** Another process may remove the file between unpacking and opening. */
        private NativeLibrary openFile() {
            Path at = file;
            for (int attempt = 1; ; attempt++) {
                try {
                    return NativeLibrary.open(at);
                } catch (NativeException e) {
                    if (Files.exists(at) || attempt == ATTEMPTS) {
                        throw e;
                    }
                    at = unpack(library);
                }
            }
        }
    }

    /**
     * Opens from memory a library that cannot be opened from a file.
     *
     * @param why what is thrown if that fails, too: what the library itself lacks, it lacks
     *     wherever it lies
     */
    public static NativeLibrary openInMemory(Packaged library, AotiException why) {
        NativeLibrary opened;
        try {
            opened = openInMemory(library);
        } catch (AotiException e) {
            why.addSuppressed(e);
            throw why;
        }
        LOG.log(
                System.Logger.Level.INFO,
                "%s of %s is loaded from memory, not from the cache: %s"
                        .formatted(library.entry(), library.path(), why.getMessage()));
        return opened;
    }

    /**
     * Opens a library from a file in memory, which no folder shows and which goes with the process.
     * Equal libraries are loaded once, as from files.
     *
     * @throws PackageException as {@link #unpack}
     * @throws NativeException if it cannot be loaded, with the loader's message
     */
    public static NativeLibrary openInMemory(Packaged library) {
        String name = library.path() + "!" + library.entry();
        try {
            return MemoryLibraries.open(hash(library), name, file -> copy(library, file));
        } catch (IOException e) {
            throw new AotiException("cannot copy %s into memory: %s".formatted(name, e), e);
        }
    }

    /** Hashes a library, and compares its checksum by the way. */
    private static String hash(Packaged library) {
        MessageDigest digest = MemorySegments.sha256();
        digest.update(library.format().getBytes(StandardCharsets.US_ASCII));
        var crc = new CRC32();
        for (ByteBuffer chunk : MemorySegments.chunks(library.bytes())) {
            crc.update(chunk.duplicate());
            digest.update(chunk);
        }
        checkCrc(library, crc.getValue());
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void checkCrc(Packaged library, long actual) {
        if (actual != library.crc32()) {
            throw new PackageException(
                    library.path(),
                    "entry %s is damaged: its CRC-32 is %08x, and the package says %08x; copy or download the package again"
                            .formatted(library.entry(), actual, library.crc32()));
        }
    }

    private static void copy(Packaged library, Path target) throws IOException {
        try (var channel =
                FileChannel.open(
                        target,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PRIVATE)) {
            copy(library, channel);
        }
    }

    private static void copy(Packaged library, FileChannel target) throws IOException {
        MemorySegments.write(library.bytes(), target);
        // Where the key was known, nothing was hashed.
        checkCrc(library, MemorySegments.crc32(library.bytes()));
        library.elf().makeLoadable(target, library.libtorch());
    }

    /** Returns whether a file that is there begins and ends as it should. */
    private static boolean isSound(Path file, Packaged library) {
        long size = library.bytes().byteSize();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.size() == size
                    && isSound(channel, library, 0)
                    && isSound(channel, library, Math.max(0, size - COMPARED));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isSound(FileChannel file, Packaged library, long offset)
            throws IOException {
        MemorySegment bytes = library.bytes();
        long length = Math.min(COMPARED, bytes.byteSize() - offset);
        byte[] expected = bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        library.elf().makeLoadable(expected, offset, library.libtorch());
        var actual = ByteBuffer.allocate(expected.length);
        while (actual.hasRemaining() && file.read(actual, offset + actual.position()) > 0) {
            // A short read is rare, and goes on where it stopped.
        }
        return Arrays.equals(actual.array(), expected);
    }
}
