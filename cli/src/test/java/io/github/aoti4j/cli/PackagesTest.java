package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/** Which package and which model of it the commands take. */
@NeedsLibTorch
class PackagesTest {
    private static final Path MLP = FIXTURES.resolve("mlp/mlp.pt2");
    private static final Path SEVERAL = FIXTURES.resolve("several/all_disk.pt2");

    @TempDir private Path folder;

    private static CommandResult verify(Path file, String fixture, String name, Object... more) {
        Path given = FIXTURES.resolve(fixture);
        return aoti(
                Stream.concat(
                                Stream.of(
                                        "verify",
                                        file,
                                        "--inputs",
                                        given.resolve(name + ".inputs.safetensors"),
                                        "--expect",
                                        given.resolve(name + ".outputs.safetensors")),
                                Stream.of(more))
                        .toArray());
    }

    @Test
    void runsEachModelOfAPackageByName() {
        for (String model : new String[] {"m", "m2", "m/part"}) {
            CommandResult verify =
                    verify(SEVERAL, "several", model.replace('/', '_'), "--model", model);
            assertEquals(0, verify.status(), verify.out() + verify.err());
        }
        CommandResult none = verify(SEVERAL, "several", "m");
        assertEquals(3, none.status(), none.out());
        assertTrue(none.err().contains("m, m2, m/part"), none.err());
        assertTrue(none.err().contains("--model"), none.err());
        CommandResult other = verify(SEVERAL, "several", "m", "--model", "m3");
        assertEquals(3, other.status(), other.out());
        assertTrue(other.err().contains("\"m3\""), other.err());
    }

    @Test
    void inspectsAllModelsOrOne() {
        CommandResult all = aoti("inspect", SEVERAL);
        assertEquals(0, all.status(), all.out() + all.err());
        assertTrue(all.out().contains("m/part"), all.out());
        CommandResult one = aoti("inspect", SEVERAL, "--model", "m2");
        assertEquals(0, one.status(), one.out() + one.err());
        assertTrue(!one.out().contains("m/part"), one.out());
    }

    @Test
    void takesAFolder() throws IOException {
        try (var zip = new ZipFile(SEVERAL.toFile())) {
            for (var entry : Collections.list(zip.entries())) {
                Path file = folder.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.write(file, zip.getInputStream(entry).readAllBytes());
            }
        }
        CommandResult inspect = aoti("inspect", folder);
        assertEquals(0, inspect.status(), inspect.out() + inspect.err());
        CommandResult verify = verify(folder, "several", "m_part", "--model", "m/part");
        assertEquals(0, verify.status(), verify.out() + verify.err());
        CommandResult pinned = aoti("inspect", folder, "--sha256", "0".repeat(64));
        assertEquals(3, pinned.status(), pinned.out());
        assertTrue(pinned.err().contains("folder"), pinned.err());
        CommandResult empty = aoti("inspect", Files.createDirectory(folder.resolve("empty")));
        assertEquals(3, empty.status(), empty.out());
        assertTrue(empty.err().contains("no unpacked package"), empty.err());
    }

    @Test
    void takesThePackageThatIsPinnedOnly() throws Exception {
        String digest =
                HexFormat.of()
                        .formatHex(
                                MessageDigest.getInstance("SHA-256")
                                        .digest(Files.readAllBytes(MLP)));
        assertEquals(0, verify(MLP, "mlp", "batch8", "--sha256", digest).status());
        assertEquals(0, aoti("inspect", "--sha256", digest, MLP).status());
        String other = "0".repeat(64);
        for (CommandResult refused :
                new CommandResult[] {
                    verify(MLP, "mlp", "batch8", "--sha256", other),
                    aoti("inspect", "--sha256", other, MLP)
                }) {
            assertEquals(3, refused.status(), refused.out());
            assertTrue(refused.err().contains(digest), refused.err());
            assertTrue(refused.err().contains(other), refused.err());
        }
    }

    @Test
    void saysWhenADigestIsNone() {
        for (String hex : new String[] {"abc", "", "x".repeat(64)}) {
            CommandResult wrong = aoti("inspect", "--sha256", hex, MLP);
            assertEquals(2, wrong.status(), wrong.out() + wrong.err());
            assertTrue(wrong.err().contains("--sha256"), wrong.err());
            assertTrue(wrong.err().contains("64 hexadecimal digits"), wrong.err());
        }
    }
}
