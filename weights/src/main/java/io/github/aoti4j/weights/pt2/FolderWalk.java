package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.list;
import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.pt2.FolderContents.FolderFile;
import io.github.aoti4j.weights.zip.ArchiveEntry;
import io.github.aoti4j.weights.zip.ZipReader;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;

/**
 * Finds the files of an unpacked package: those below {@code data}, in the folder itself or in the
 * one folder within it, and those that say what kind of archive it is. Nothing else is looked at.
 *
 * <p>Links are followed as long as they stay in the folder.
 */
final class FolderWalk extends SimpleFileVisitor<Path> {
    /** More than any package has, and less than a user's home. */
    private static final int MAX_VISITED = 100_000;

    private static final String MODELS = "data/aotinductor";

    /** As the caller named it. */
    private final Path path;

    private final Path real;
    private final List<FolderFile> found = new ArrayList<>();
    private int visited;

    private FolderWalk(Path path) throws IOException {
        this.path = path;
        this.real = path.toRealPath();
    }

    /** Lists the files, by name. */
    static List<FolderFile> files(Path path) throws IOException {
        var walk = new FolderWalk(path);
        Path root = walk.root();
        walk.requireInside(root);
        for (String name : ArchiveRoot.TOP_FILES) {
            Path file = root.resolve(name);
            if (Files.exists(file)) {
                walk.visitFile(file, Files.readAttributes(file, BasicFileAttributes.class));
            }
        }
        Files.walkFileTree(
                root.resolve("data"),
                EnumSet.of(FileVisitOption.FOLLOW_LINKS),
                Integer.MAX_VALUE,
                walk);
        walk.found.sort(Comparator.comparing(file -> file.entry().name()));
        return walk.found;
    }

    private Path root() throws IOException {
        if (Files.isDirectory(real.resolve(MODELS))) {
            return real;
        }
        var roots = new ArrayList<Path>();
        try (var children = Files.newDirectoryStream(real)) {
            for (Path child : children) {
                if (Files.isDirectory(child.resolve(MODELS))) {
                    roots.add(child);
                }
            }
        }
        if (roots.isEmpty()) {
            throw new PackageException(
                    path,
                    "there is no unpacked package in this folder: neither it nor a folder in it has %s; give the path of a .pt2 file, or of the folder that one was unpacked into"
                            .formatted(quote(MODELS + "/")));
        }
        if (roots.size() > 1) {
            throw new PackageException(
                    path,
                    "several packages are unpacked in this folder: %s; give the path of one"
                            .formatted(
                                    list(
                                            roots.stream()
                                                    .map(r -> r.getFileName() + "/")
                                                    .sorted()
                                                    .toList())));
        }
        return roots.getFirst();
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
            throws IOException {
        requireInside(folder);
        count();
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        String name = real.relativize(file).toString();
        if (attributes.isSymbolicLink()) {
            throw bad(name, "is a link to something that is not there");
        }
        if (!attributes.isRegularFile()) {
            return FileVisitResult.CONTINUE;
        }
        String flaw = ZipReader.nameFlaw(name);
        if (flaw != null) {
            throw bad(name, flaw + "; such names are refused, rename it");
        }
        count();
        // A folder above may be a link.
        var entry = new ArchiveEntry(name, 0, attributes.size(), ArchiveEntry.NO_CRC);
        found.add(new FolderFile(entry, requireInside(file)));
        return FileVisitResult.CONTINUE;
    }

    /** Links to folders of links can make endlessly many of a few. */
    private void count() {
        if (++visited > MAX_VISITED) {
            throw new PackageException(
                    path,
                    "the folder has more than "
                            + MAX_VISITED
                            + " files and folders; give the path of an unpacked package");
        }
    }

    /** Returns where something is, without links. */
    private Path requireInside(Path at) throws IOException {
        if (!Files.isSymbolicLink(at)) {
            return at;
        }
        Path target = at.toRealPath();
        if (!target.startsWith(real)) {
            throw bad(
                    real.relativize(at).toString(),
                    "is a link that leads out of the folder, to %s; put the file itself there"
                            .formatted(target));
        }
        return target;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException problem) {
        throw bad(real.relativize(file).toString(), "cannot be read: " + problem.getMessage());
    }

    private PackageException bad(String name, String problem) {
        return new PackageException(path, quote(name) + " " + problem);
    }
}
