package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The kernels of a model for GPUs, unpacked into the user's cache: {@code models/<key>}, where the
 * key is a digest of all of them. A model reads each kernel from its file when a run first needs
 * it; so this keeps a file of the folder mapped, by which whoever cleans the cache up sees that the
 * folder is in use.
 */
public final class KernelFolder implements AutoCloseable {
    private static final int ATTEMPTS = 3;

    private final Path path;
    private final Arena mapping;

    private KernelFolder(Path path, Arena mapping) {
        this.path = path;
        this.mapping = mapping;
    }

    /**
     * Unpacks kernels, unless they are there.
     *
     * @param kernels at least one entry of it
     * @return the folder, to be closed when no run can need it any more
     * @throws PackageException if a kernel is damaged
     * @throws AotiException if the cache cannot be written to
     */
    public static KernelFolder unpack(
            Pt2Archive archive, List<ArchiveEntry> kernels, UserCache cache) {
        Map<String, MemorySegment> contents = new LinkedHashMap<>();
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (ArchiveEntry kernel : kernels) {
            MemorySegment bytes = archive.segment(kernel);
            requireSound(archive, kernel, bytes);
            contents.put(kernel.fileName(), bytes);
            sizes.put(kernel.fileName(), kernel.size());
        }
        String name = "models/" + key(contents);
        for (int attempt = 1; ; attempt++) {
            Path folder =
                    cache.folder(
                            name,
                            sizes,
                            there -> isSound(there, contents),
                            empty -> write(empty, contents));
            try {
                return new KernelFolder(folder, map(folder.resolve(kernels.getFirst().fileName())));
            } catch (NoSuchFileException e) {
                // Who cleans the cache up came between.
                if (attempt == ATTEMPTS) {
                    throw new AotiException("the cache loses " + folder, e);
                }
            } catch (IOException e) {
                throw new AotiException("cannot read %s: %s".formatted(folder, e), e);
            }
        }
    }

    private static void requireSound(Pt2Archive archive, ArchiveEntry kernel, MemorySegment bytes) {
        var crc = new CRC32();
        crc.update(bytes.asByteBuffer());
        if (crc.getValue() != archive.crc32(kernel)) {
            throw new PackageException(
                    archive.path(),
                    "entry %s is damaged: its CRC-32 is %08x, and the package says %08x; copy or download the package again"
                            .formatted(kernel.name(), crc.getValue(), archive.crc32(kernel)));
        }
    }

    private static String key(Map<String, MemorySegment> contents) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
        contents.forEach(
                (name, bytes) -> {
                    digest.update(
                            "%s %d\n"
                                    .formatted(name, bytes.byteSize())
                                    .getBytes(StandardCharsets.UTF_8));
                    digest.update(bytes.asByteBuffer());
                });
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void write(Path folder, Map<String, MemorySegment> contents) throws IOException {
        for (var kernel : contents.entrySet()) {
            Files.write(
                    folder.resolve(kernel.getKey()),
                    kernel.getValue().toArray(ValueLayout.JAVA_BYTE),
                    StandardOpenOption.CREATE_NEW);
        }
    }

    private static boolean isSound(Path folder, Map<String, MemorySegment> contents) {
        try {
            for (var kernel : contents.entrySet()) {
                byte[] there = Files.readAllBytes(folder.resolve(kernel.getKey()));
                if (MemorySegment.ofArray(there).mismatch(kernel.getValue()) >= 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Arena map(Path file) throws IOException {
        Arena arena = Arena.ofShared();
        try (var channel = FileChannel.open(file)) {
            MemorySegment _ = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return arena;
        } catch (Throwable e) {
            Closeables.closeAfter(e, arena);
            throw e;
        }
    }

    /** Returns where the kernels are: what a model is given as {@code cubin_dir}. */
    public Path path() {
        return path;
    }

    /** Lets the cache have the folder. Called once. */
    @Override
    public void close() {
        mapping.close();
    }
}
