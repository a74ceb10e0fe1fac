package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.list;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds the folder that a {@code .pt2} archive has everything in. */
final class ArchiveRoot {
    /** The files at the top of an archive without a root folder, as older versions wrote it. */
    static final List<String> TOP_FILES =
            List.of("archive_format", "archive_version", "version", "byteorder");

    private static final String MODELS = "data/aotinductor/";

    private ArchiveRoot() {}

    /** Returns the prefix of all names: the root folder with a slash, or empty if there is none. */
    static String find(List<ArchiveEntry> entries, Path path) {
        var folders = new LinkedHashSet<String>();
        var rooted = new LinkedHashSet<String>();
        boolean rootless = false;
        for (var entry : entries) {
            String name = entry.name();
            int below = name.indexOf('/') + 1;
            folders.add(name.substring(0, below));
            rootless |= TOP_FILES.contains(name) || name.startsWith(MODELS);
            if (name.startsWith(MODELS, below)) {
                rooted.add(name.substring(0, below));
            }
        }
        if (rootless) {
            rooted.add("");
            requireOne(rooted, path);
            return "";
        }
        requireOne(folders, path);
        return folders.isEmpty() ? "" : folders.getFirst();
    }

    private static void requireOne(Set<String> roots, Path path) {
        if (roots.size() > 1) {
            var named = roots.stream().map(r -> r.isEmpty() ? "./" : r).toList();
            throw new PackageException(
                    path,
                    "a package has everything in one root folder, but this zip has %s side by side; keep one and pack the zip again"
                            .formatted(list(named)));
        }
    }
}
