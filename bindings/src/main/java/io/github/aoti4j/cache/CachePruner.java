package io.github.aoti4j.cache;

import io.github.aoti4j.bindings.os.ProcMaps;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CacheEntry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Counts what is in one folder of the cache, and removes the excess.
 *
 * <p>A load notes the time of an entry, then looks for the entry, then opens it; a removal looks at
 * the time again once the entry cannot be made. An entry that is removed nevertheless between the
 * second and the third step is looked for again by the load.
 */
final class CachePruner {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    static final Comparator<CacheEntry> LAST_USED_FIRST =
            Comparator.comparing(CacheEntry::lastUsed)
                    .reversed()
                    .thenComparing(CacheEntry::kind)
                    .thenComparing(CacheEntry::name);

    private static final List<String> KINDS =
            List.of(CacheEntry.LIBTORCH, CacheEntry.MODELS, CacheEntry.COMPILED);

    /** Keys of models are small files in a folder that is no model. */
    static final String KEYS = "keys";

    /**
     * The time from finding the six libraries of libtorch to having loaded them all, and the minute
     * that a use is noted too late.
     */
    private static final Duration LOADING = Duration.ofMinutes(2);

    private final Path root;

    CachePruner(Path root) {
        this.root = root;
    }

    /** Makes room for an entry that was just made. Never fails: the entry is there. */
    void added(CacheFolder made, Path entry, long limit) {
        try {
            made.sweep();
            if (models(entries(ProcMaps.NONE)) > limit) {
                List<CacheEntry> entries = entries(ProcMaps.ofAllProcesses());
                entries.sort(LAST_USED_FIRST);
                limit(entries, limit, entry, new ArrayList<>());
            }
        } catch (IOException | AotiException e) {
            LOG.log(System.Logger.Level.DEBUG, "the cache is not cleaned up: " + e);
        }
    }

    List<CacheEntry> entries() {
        try {
            return entries(ProcMaps.ofAllProcesses());
        } catch (IOException e) {
            throw new AotiException("cannot read the cache in %s: %s".formatted(root, e), e);
        }
    }

    List<CacheEntry> prune(PruneRule rule) {
        try {
            for (String kind : KINDS) {
                if (Files.isDirectory(root.resolve(kind))) {
                    new CacheFolder(root.resolve(kind).resolve("any")).sweep();
                }
            }
            List<CacheEntry> removed = new ArrayList<>();
            List<CacheEntry> left = new ArrayList<>();
            List<CacheEntry> entries = entries(ProcMaps.ofAllProcesses());
            entries.sort(LAST_USED_FIRST);
            boolean newest = true;
            for (CacheEntry entry : entries) {
                boolean stale =
                        entry.isModel()
                                ? isOlder(entry, rule.models())
                                : !newest && isOlder(entry, rule.libtorch());
                newest &= entry.isModel();
                if ((rule.all() || stale) && remove(entry)) {
                    removed.add(entry);
                } else {
                    left.add(entry);
                }
            }
            limit(left, rule.limit(), null, removed);
            removeKeys();
            return removed;
        } catch (IOException e) {
            throw new AotiException("cannot clean the cache in %s up: %s".formatted(root, e), e);
        }
    }

    /** Removes models from the end of the list until the rest is within the limit. */
    private void limit(List<CacheEntry> sorted, long limit, Path spared, List<CacheEntry> removed)
            throws IOException {
        long bytes = models(sorted);
        for (CacheEntry entry : sorted.reversed()) {
            if (bytes <= limit) {
                return;
            }
            if (entry.isModel() && !entry.path().equals(spared) && remove(entry)) {
                LOG.log(System.Logger.Level.DEBUG, "removed from the cache: " + entry.path());
                removed.add(entry);
                bytes -= entry.bytes();
            }
        }
    }

    private static long models(List<CacheEntry> entries) {
        return entries.stream().filter(CacheEntry::isModel).mapToLong(CacheEntry::bytes).sum();
    }

    private static boolean isOlder(CacheEntry entry, Duration age) {
        return entry.lastUsed().isBefore(Instant.now().minus(age));
    }

    private static boolean remove(CacheEntry entry) throws IOException {
        if (entry.mapped() || (!entry.isModel() && !isOlder(entry, LOADING))) {
            return false;
        }
        return new CacheFolder(entry.path())
                .remove(() -> entry.lastUsed().equals(lastUsed(entry.path())));
    }

    /** Removes the keys of entries that are gone; a key only saves time. */
    private void removeKeys() throws IOException {
        Path models = root.resolve(CacheEntry.MODELS);
        for (Path key : list(models.resolve(KEYS))) {
            try {
                if (!Files.exists(models.resolve(firstLine(key)))) {
                    Files.deleteIfExists(key);
                }
            } catch (NoSuchFileException e) {
                // Another process has removed it.
            }
        }
    }

    private static String firstLine(Path key) throws IOException {
        String first =
                Files.readString(key, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
        return first.matches("[0-9a-f]{64}") ? first : ".none";
    }

    private List<CacheEntry> entries(ProcMaps mapped) throws IOException {
        List<CacheEntry> entries = new ArrayList<>();
        for (String kind : KINDS) {
            for (Path path : list(root.resolve(kind))) {
                String name = path.getFileName().toString();
                boolean folder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
                if (folder && !name.startsWith(".") && !name.equals(KEYS)) {
                    entries.add(
                            new CacheEntry(
                                    kind,
                                    name,
                                    path,
                                    size(path),
                                    lastUsed(path),
                                    mapped.areIn(path)));
                }
            }
        }
        return entries;
    }

    private static long size(Path folder) throws IOException {
        long bytes = 0;
        for (Path file : list(folder)) {
            try {
                bytes += Files.size(file);
            } catch (NoSuchFileException e) {
                // It is being removed.
            }
        }
        return bytes;
    }

    private static Instant lastUsed(Path folder) {
        try {
            return Files.readAttributes(folder, BasicFileAttributes.class)
                    .lastModifiedTime()
                    .toInstant();
        } catch (IOException e) {
            return Instant.EPOCH;
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            files.forEach(found::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
        return found;
    }
}
