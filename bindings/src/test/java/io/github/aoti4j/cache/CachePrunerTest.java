package io.github.aoti4j.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.Mmap;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CacheEntry;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

class CachePrunerTest {
    @TempDir Path root;

    private UserCache cache(long limit) {
        return UserCache.at(root).withLimit(limit);
    }

    /** An entry of 1000 bytes that was last used some hours ago. */
    private Path entry(String name, int hours) throws IOException {
        Path folder = add(cache(Long.MAX_VALUE), name);
        Instant then = Instant.now().minus(Duration.ofHours(hours));
        Files.setLastModifiedTime(folder, FileTime.from(then));
        return folder;
    }

    private static Path add(UserCache cache, String name) {
        return cache.folder(
                name,
                Map.of("file", 1000L),
                folder -> Files.write(folder.resolve("file"), new byte[1000]));
    }

    private List<String> names(List<CacheEntry> entries) {
        return entries.stream().map(entry -> entry.kind() + "/" + entry.name()).toList();
    }

    private List<String> left() {
        return names(cache(0).entries());
    }

    private static PruneRule all() {
        return new PruneRule(Long.MAX_VALUE, PruneRule.NEVER, PruneRule.NEVER, true);
    }

    @Test
    void listsEntriesWithTheirSizesThoseLastUsedFirst() throws IOException {
        entry("models/a", 3);
        entry("libtorch/2.10-x", 2);
        entry("compiled/b", 1);
        Files.createDirectories(root.resolve("models/keys"));

        assertEquals(List.of("compiled/b", "libtorch/2.10-x", "models/a"), left());
        assertTrue(cache(0).entries().stream().allMatch(entry -> entry.bytes() == 1000));
    }

    @Test
    void addingRemovesTheLeastRecentlyUsed() throws IOException {
        entry("libtorch/v", 9);
        entry("models/a", 3);
        entry("models/b", 2);
        entry("compiled/c", 1);

        add(cache(2500), "models/d");

        assertEquals(List.of("models/d", "compiled/c", "libtorch/v"), left());
    }

    @Test
    void usingKeepsAnEntry() throws IOException {
        entry("models/a", 3);
        entry("models/b", 2);
        add(cache(Long.MAX_VALUE), "models/a");

        add(cache(2500), "models/c");

        assertEquals(2, left().size());
        assertFalse(left().contains("models/b"));
    }

    @Test
    void whatIsAddedStaysEvenIfItIsTooLarge() {
        Path added = add(cache(10), "models/a");

        assertTrue(Files.exists(added.resolve("file")));
    }

    @Test
    void mappedEntryStays() throws IOException {
        Path mapped = entry("models/a", 3);
        entry("models/b", 2);
        try (var _ = Mmap.open(mapped.resolve("file"))) {
            assertTrue(cache(0).entries().getLast().mapped());

            assertEquals(List.of("models/b"), names(cache(0).prune(all())));
            add(cache(500), "models/c");
            assertEquals(List.of("models/c", "models/a"), left());
        }
        assertEquals(
                List.of("models/a", "models/c"),
                names(cache(0).prune(all())).stream().sorted().toList());
    }

    @Test
    void ruleOfSizeTakesModelsOnly() throws IOException {
        entry("libtorch/v", 100);
        entry("models/a", 3);
        entry("models/b", 2);

        assertEquals(
                List.of("models/a"),
                names(
                        cache(0).prune(
                                        new PruneRule(
                                                1000, PruneRule.NEVER, PruneRule.NEVER, false))));
        assertEquals(List.of("models/b", "libtorch/v"), left());
    }

    @Test
    void ruleOfAgeLeavesTheNewestLibtorch() throws IOException {
        entry("libtorch/old", 300);
        entry("libtorch/new", 200);
        entry("models/a", 100);
        entry("models/b", 2);

        var rule = new PruneRule(Long.MAX_VALUE, Duration.ofDays(2), Duration.ofDays(2), false);
        assertEquals(List.of("models/a", "libtorch/old"), names(cache(0).prune(rule)));
        assertEquals(List.of("models/b", "libtorch/new"), left());
    }

    @Test
    void allLeavesALibtorchThatIsBeingLoaded() throws IOException {
        entry("libtorch/old", 3);
        add(cache(0), "libtorch/new");

        assertEquals(List.of("libtorch/old"), names(cache(0).prune(all())));
        assertEquals(List.of("libtorch/new"), left());
    }

    @Test
    void pruningLeavesNoFileOfWhatItRemoves() throws IOException {
        entry("models/" + "a".repeat(64), 3);
        Path keys = Files.createDirectories(root.resolve("models/keys"));
        Files.writeString(keys.resolve("1"), "a".repeat(64) + "\n/models/a.pt2");
        Files.writeString(keys.resolve("2"), "damaged");

        cache(0).prune(all());

        try (Stream<Path> files = Files.walk(root)) {
            assertEquals(List.of(), files.filter(Files::isRegularFile).toList());
        }
    }

    @Test
    void whatAKilledProcessLeftOfAnotherEntryGoesWhenOneIsAdded() throws Exception {
        ChildJvm.Ending killed =
                ChildJvm.run(new ChildJvm(CacheFolderTest.CacheUser.class).with(root, "die"));
        assertEquals(9, killed.exitCode(), killed.output());
        assertEquals(2, hidden(), "a lock and a folder in the making");

        add(cache(0), "things/other");

        assertEquals(1, hidden(), "the lock of what is there");
    }

    private long hidden() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("things"))) {
            return files.filter(file -> file.getFileName().toString().startsWith(".")).count();
        }
    }

    @Test
    void emptyOrAbsentCacheHasNoEntries() {
        assertEquals(List.of(), UserCache.at(root.resolve("absent")).entries());
        assertEquals(List.of(), UserCache.at(root.resolve("absent")).prune(all()));
        assertFalse(Files.exists(root.resolve("absent")));
    }

    @Test
    void limitComesFromPropertyOrVariable() {
        assertEquals(4L << 30, limit(Map.of(), Map.of()));
        assertEquals(1L << 30, limit(Map.of(), Map.of("AOTI_CACHE_LIMIT", "1G")));
        assertEquals(
                500L << 20,
                limit(Map.of("aoti.cache.limit", "500M"), Map.of("AOTI_CACHE_LIMIT", "1G")));
        assertEquals(Long.MAX_VALUE, limit(Map.of("aoti.cache.limit", "none"), Map.of()));

        var e =
                assertThrows(
                        AotiException.class,
                        () -> limit(Map.of("aoti.cache.limit", "plenty"), Map.of()));
        assertEquals(
                "aoti.cache.limit: \"plenty\" is no size in bytes; write for example 500M or 4G",
                e.getMessage());
    }

    private static long limit(Map<String, String> properties, Map<String, String> environment) {
        return UserCache.of(properties::get, environment::get).limit();
    }

    @Test
    void sizesHaveUnitsOfPowersOf1024() {
        assertEquals(0, ByteSize.parse("0"));
        assertEquals(4096, ByteSize.parse("4096"));
        assertEquals(4096, ByteSize.parse("4k"));
        assertEquals(3L << 30, ByteSize.parse(" 3GiB "));
        assertEquals(3L << 40, ByteSize.parse("3tb"));
        for (String bad : List.of("", "-1", "1.5G", "G", "4 G", "9999999T", "1P")) {
            assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(bad), bad);
        }
    }
}
