package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.weights.mapped.MemorySegments;
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
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels of a model for GPUs, unpacked into the user's cache: {@code models/<key>}, a digest
 * of all of them. A model reads each kernel from its file when a run first needs it, so one file
 * stays mapped: processes that clean the cache see that the folder is in use.
 *
 * @param path what a model is given as {@code cubin_dir}
 */
public record KernelFolder(Path path, Arena mapping) implements AutoCloseable {
    private static final int ATTEMPTS = 3;

    /** Unpacks kernels, of which there is at least one, unless they are there. */
    public static KernelFolder unpack(
            Pt2Archive archive, List<ArchiveEntry> kernels, UserCache cache) {
        Map<String, MemorySegment> contents = new LinkedHashMap<>();
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (ArchiveEntry kernel : kernels) {
            MemorySegment bytes = archive.segment(kernel);
            archive.checkCrc(kernel);
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
                // Removed by a process that cleans the cache.
                if (attempt == ATTEMPTS) {
                    throw new AotiException("the cache loses " + folder, e);
                }
            } catch (IOException e) {
                throw new AotiException("cannot read %s: %s".formatted(folder, e), e);
            }
        }
    }

    private static String key(Map<String, MemorySegment> contents) {
        MessageDigest digest = MemorySegments.sha256();
        contents.forEach(
                (name, bytes) -> {
                    String line = "%s %d\n".formatted(name, bytes.byteSize());
                    digest.update(line.getBytes(StandardCharsets.UTF_8));
                    MemorySegments.update(digest, bytes);
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

    /** Allows the cache to remove the folder, which no run can need. */
    @Override
    public void close() {
        mapping.close();
    }
}
