package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Writes a package again, with libraries in place of what they were compiled from. The source
 * stays: it states the checks of the inputs.
 */
public final class PackageWriter {
    private static final String SOURCE = ".cpp";

    private PackageWriter() {}

    /** Writes a package; the file appears when it is complete. */
    public static void write(
            Pt2Archive archive, Map<PackagedModel, Path> libraries, Path target, boolean replace) {
        requireFree(target, replace);
        Path absolute = target.toAbsolutePath();
        Path fresh =
                absolute.resolveSibling(
                        ".%s.%s.tmp".formatted(absolute.getFileName(), UUID.randomUUID()));
        try {
            try (var channel =
                    FileChannel.open(
                            fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                copy(archive, libraries, target, new ZipWriter(channel));
                channel.force(true);
            }
            if (replace) {
                Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.move(fresh, absolute);
            }
        } catch (FileAlreadyExistsException e) {
            throw isThere(target, e);
        } catch (IOException e) {
            throw new AotiException("cannot write %s: %s".formatted(target, e), e);
        } finally {
            remove(fresh);
        }
    }

    /**
     * Throws if the target exists and may not be replaced, is no file, or its folder is missing.
     */
    public static void requireFree(Path target, boolean replace) {
        Path folder = target.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new AotiException("cannot write %s: %s is no folder".formatted(target, folder));
        }
        if (Files.isDirectory(target)) {
            throw new AotiException(target + " is a folder");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new AotiException(target + " is not a regular file and cannot be replaced");
        }
        if (!replace && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw isThere(target, null);
        }
    }

    private static AotiException isThere(Path target, IOException cause) {
        return new AotiException(target + " is there already; --force replaces it", cause);
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new AotiException("cannot remove %s: %s".formatted(file, e), e);
        }
    }

    private static void copy(
            Pt2Archive archive, Map<PackagedModel, Path> libraries, Path target, ZipWriter zip)
            throws IOException {
        Set<ArchiveEntry> omitted = new HashSet<>();
        Map<ArchiveEntry, Path> librariesBySource = new HashMap<>();
        libraries.forEach(
                (model, library) -> {
                    model.compileFlags().ifPresent(omitted::add);
                    model.linkerFlags().ifPresent(omitted::add);
                    model.serializedWeights().ifPresent(omitted::add);
                    omitted.addAll(model.objectFiles());
                    for (ArchiveEntry entry : model.entries()) {
                        if (entry.fileName().equals("CMakeLists.txt")
                                || entry.fileName().equals("script.ld")) {
                            omitted.add(entry);
                        }
                    }
                    librariesBySource.put(model.wrapperSource().orElseThrow(), library);
                });
        String root = root(archive, target);
        for (ArchiveEntry entry : archive.entries()) {
            if (!omitted.contains(entry) && !entry.isDirectory()) {
                archive.checkCrc(entry);
                zip.add(root + entry.name(), archive.segment(entry));
            }
            if (librariesBySource.containsKey(entry)) {
                String name = entry.name();
                add(
                        zip,
                        root + name.substring(0, name.length() - SOURCE.length()) + ".so",
                        librariesBySource.get(entry));
            }
        }
        zip.finish();
    }

    /** Returns the root that all entries of a file have, for a folder that lacks it. */
    private static String root(Pt2Archive archive, Path target) {
        boolean rootless =
                archive.entries().stream().anyMatch(e -> e.name().startsWith("data/aotinductor/"));
        String file = target.getFileName().toString();
        return rootless ? file.replaceFirst("(?<=.)\\.pt2$", "") + "/" : "";
    }

    private static void add(ZipWriter zip, String name, Path library) throws IOException {
        try (Arena arena = Arena.ofConfined();
                var channel = FileChannel.open(library)) {
            MemorySegment bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            zip.add(name, bytes);
        }
    }
}
