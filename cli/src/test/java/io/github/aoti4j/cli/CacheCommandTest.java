package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** {@code aoti cache} and {@code aoti compile}, on a cache of their own. */
@NeedsLibTorch
class CacheCommandTest {
    private static final String PROPERTY = "aoti.cache";
    @TempDir private Path folder;
    private String before;

    /** Not unpacked into each test's cache. */
    private static Path libtorch;

    @BeforeAll
    static void findLibtorch() {
        libtorch = LibTorch.load().directory();
    }

    @BeforeEach
    void useOwnCache() {
        before = System.getProperty(PROPERTY);
        System.setProperty(PROPERTY, folder.resolve("cache").toString());
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }

    private Path entry(String name, int bytes, int hours) throws IOException {
        Path entry = Files.createDirectories(folder.resolve("cache").resolve(name));
        Files.write(entry.resolve("model.so"), new byte[bytes]);
        Instant then = Instant.now().minus(Duration.ofHours(hours));
        return Files.setLastModifiedTime(entry, FileTime.from(then));
    }

    @Test
    void showsEntriesAndTheirTotal() throws IOException {
        entry("libtorch/2.10", 3 << 20, 3);
        entry("models/" + "a".repeat(64), 1 << 20, 2);
        entry("compiled/" + "b".repeat(64), 2048, 1);

        CommandResult text = aoti("cache");

        assertEquals(0, text.status(), text.err());
        assertTrue(text.out().startsWith(folder.resolve("cache").toString()), text.out());
        assertTrue(text.out().contains("libtorch    3.0 MiB"), text.out());
        assertTrue(text.out().contains("a".repeat(24) + "…"), text.out());
        assertTrue(
                text.out().contains("3 entries, 4.0 MiB; models use 1.0 MiB, of at most 4.0 GiB"),
                text.out());

        JsonNode json = new JsonMapper().readTree(aoti("cache", "--json").out());
        assertEquals("compiled", json.at("/entries/0/kind").asString());
        assertEquals(2048, json.at("/entries/0/bytes").asInt());
        assertFalse(json.at("/entries/0/inUse").asBoolean());
        assertEquals((4 << 20) + 2048, json.path("bytes").asInt());
        assertEquals((1 << 20) + 2048, json.path("modelBytes").asInt());
        assertEquals(4L << 30, json.path("modelLimitBytes").asLong());
    }

    @Test
    void emptyCacheIsSaidToBe() {
        CommandResult cache = aoti("cache");

        assertEquals(0, cache.status(), cache.err());
        assertEquals("the cache is empty", cache.out().strip());
        assertEquals(0, aoti("cache", "prune", "--all").status());
    }

    @Test
    void prunesBySizeAgeAndAltogether() throws IOException {
        Path natives = entry("libtorch/2.10", 1000, 100);
        Path oldest = entry("models/a", 1000, 30);
        Path middle = entry("models/b", 1000, 20);
        Path newest = entry("compiled/c", 1000, 10);

        CommandResult size = aoti("cache", "prune", "--max-size", "2K");
        assertEquals(0, size.status(), size.err());
        assertTrue(size.out().contains("removed 1 entry, 1000 B"), size.out());
        assertFalse(Files.exists(oldest));

        JsonNode age =
                new JsonMapper()
                        .readTree(aoti("cache", "prune", "--older-than", "15h", "--json").out());
        assertEquals(middle.toString(), age.at("/removed/0/path").asString());
        assertEquals(1000, age.path("removedBytes").asInt());
        assertEquals(2, age.path("entries").size());

        assertEquals(0, aoti("cache", "prune").status());
        assertTrue(Files.exists(newest) && Files.exists(natives));

        aoti("cache", "prune", "--all");
        assertFalse(Files.exists(newest) || Files.exists(natives));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--max-size=x", "--max-size=-1", "--older-than=3y", "--older-than=d"})
    void wrongQuantitiesAreWrongUsage(String option) {
        CommandResult prune = aoti("cache", "prune", option);

        assertEquals(2, prune.status());
        assertTrue(prune.err().contains("write for example"), prune.err());
    }

    @Test
    void compileTellsWhatIsMissing() {
        Path out = folder.resolve("out.pt2");
        CommandResult compile =
                aoti(
                        "compile",
                        FIXTURES.resolve("source_only/in_so.pt2"),
                        "-o",
                        out,
                        "--compiler",
                        folder.resolve("none"),
                        "--libtorch",
                        libtorch);

        assertEquals(3, compile.status());
        assertTrue(compile.err().contains("the compiler " + folder.resolve("none")), compile.err());
        assertFalse(Files.exists(out));
    }

    @Test
    void compileHasToBeToldWhereTo() {
        assertEquals(2, aoti("compile", FIXTURES.resolve("source_only/in_so.pt2")).status());
    }

    @Test
    void compileReplacesNothingUnlessTold() throws IOException {
        Path out = Files.writeString(folder.resolve("out.pt2"), "precious");

        CommandResult compile =
                aoti("compile", FIXTURES.resolve("source_only/in_so.pt2"), "-o", out);

        assertEquals(3, compile.status());
        assertTrue(compile.err().contains("--force"), compile.err());
        assertEquals("precious", Files.readString(out));
    }

    @Test
    void compileSaysThatTheFolderIsMissingBeforeItCompiles() {
        Path out = folder.resolve("absent/out.pt2");

        CommandResult compile =
                aoti("compile", FIXTURES.resolve("source_only/in_so.pt2"), "-o", out);

        assertEquals(3, compile.status());
        assertTrue(compile.err().contains(out.getParent() + " is no folder"), compile.err());
        assertFalse(Files.exists(folder.resolve("cache/compiled")), "compiled in vain");
    }

    @Test
    void compileSaysWhenThereIsNothingToCompile() {
        CommandResult compile =
                aoti(
                        "compile",
                        FIXTURES.resolve("add_one/add_one.pt2"),
                        "-o",
                        folder.resolve("out.pt2"));

        assertEquals(3, compile.status());
        assertTrue(compile.err().contains("nothing to compile"), compile.err());
    }

    @Test
    void inspectTellsWhetherAPackageCanBeCompiled() {
        CommandResult inspect =
                aoti("inspect", FIXTURES.resolve("source_only/in_so.pt2"), "--libtorch", libtorch);

        assertTrue(inspect.out().contains("(source only, to be compiled)"), inspect.out());
        assertTrue(
                inspect.out().contains("compiler: must be compiled before it runs"), inspect.out());
        assertEquals(inspect.out().contains("NO "), inspect.status() == 1, inspect.out());
    }
}
