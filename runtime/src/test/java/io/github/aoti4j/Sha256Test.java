package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The pin of a package. */
class Sha256Test {
    private static final Path MLP = Fixture.of("mlp").path();
    private static final String OTHER = "0".repeat(64);

    @TempDir Path folder;

    private static String digest(Path path) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
        return HexFormat.of().formatHex(digest);
    }

    private static ModelOptions pinned(String hex) {
        return ModelOptions.defaults().sha256(hex);
    }

    @Test
    @NeedsLibTorch
    void loadsThePackageThatIsPinned() throws Exception {
        String digest = digest(MLP);
        for (String hex : List.of(digest, digest.toUpperCase(Locale.ROOT))) {
            Model.load(MLP, pinned(hex)).close();
            Model.load(MemorySegment.ofArray(Files.readAllBytes(MLP)), pinned(hex)).close();
        }
        try (ModelPackage opened = ModelPackage.open(MLP, pinned(digest))) {
            assertEquals(digest, opened.sha256());
            opened.load(pinned(digest)).close();
        }
    }

    @Test
    @NeedsLibTorch
    void refusesAnyOtherAndShowsBothDigests() throws Exception {
        var path = assertMismatch(MLP, () -> Model.load(MLP, pinned(OTHER)));
        assertTrue(path.getMessage().contains(digest(MLP)), path::getMessage);
        var bytes = MemorySegment.ofArray(Files.readAllBytes(MLP));
        assertMismatch(Path.of("<memory>"), () -> Model.load(bytes, pinned(OTHER)));
        assertMismatch(MLP, () -> ModelPackage.open(MLP, pinned(OTHER)));
        assertMismatch(MLP, () -> GuardedModel.load(List.of(MLP), pinned(OTHER)));
        try (ModelPackage opened = ModelPackage.open(MLP)) {
            assertMismatch(MLP, () -> opened.load(pinned(OTHER)));
            opened.load(pinned(digest(MLP))).close();
        }
    }

    @Test
    void comparesBeforeAnythingIsRead() throws IOException {
        Path noPackage = Files.writeString(folder.resolve("noise.pt2"), "noise");
        assertMismatch(noPackage, () -> Model.load(noPackage, pinned(OTHER)));
    }

    @Test
    @NeedsLibTorch
    void usesWhatItHasHashed() throws Exception {
        Path path = Files.copy(MLP, folder.resolve("package.pt2"));
        Path other = Files.copy(Fixture.of("add_one").path(), folder.resolve("other.pt2"));
        // Somebody puts another package there as soon as the first has been hashed.
        var replaced = new boolean[1];
        ModelOptions options =
                pinned(digest(MLP))
                        .progress(
                                (message, done, total) -> {
                                    if (message.startsWith("hashing ") && done == total) {
                                        replaced[0] = move(other, path);
                                    }
                                });
        try (Model model = Model.load(path, options)) {
            assertTrue(replaced[0]);
            String input = model.inputs().getFirst().description();
            assertTrue(input.endsWith("1..1024, 10]"), input);
        }
        assertMismatch(path, () -> Model.load(path, pinned(digest(MLP))));
    }

    private static boolean move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void tellsHowFarItHasCome() throws Exception {
        var heard = new ArrayList<String>();
        try (ModelPackage _ =
                ModelPackage.open(
                        MLP,
                        pinned(digest(MLP))
                                .progress((message, done, _) -> heard.add(message + " " + done)))) {
            long size = Files.size(MLP);
            assertEquals(List.of("hashing " + MLP + " 0", "hashing " + MLP + " " + size), heard);
        }
    }

    @Test
    void refusesToPinAFolder() throws IOException {
        Unpacked.into(folder, MLP);
        for (var call :
                List.<Executable>of(
                        () -> Model.load(folder, pinned(OTHER)),
                        () -> {
                            try (ModelPackage opened = ModelPackage.open(folder)) {
                                opened.load(pinned(OTHER));
                            }
                        },
                        () -> {
                            try (ModelPackage opened = ModelPackage.open(folder)) {
                                opened.sha256();
                            }
                        })) {
            var e = assertThrows(PackageException.class, call);
            assertEquals(folder, e.path());
            assertTrue(e.getMessage().contains("folder"), e::getMessage);
            assertTrue(e.getMessage().contains("SHA-256"), e::getMessage);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "sha256:", "zz", "0x00"})
    void refusesWhatIsNoDigest(String hex) {
        for (String given : List.of(hex, hex + "g".repeat(64 - hex.length()), OTHER + "0")) {
            var e = assertThrows(IllegalArgumentException.class, () -> pinned(given));
            assertTrue(e.getMessage().contains("64 hexadecimal digits"), e::getMessage);
        }
        assertThrows(NullPointerException.class, () -> pinned(null));
    }

    @Test
    void keepsThePinThroughOtherOptions() {
        ModelOptions options = pinned(OTHER).model("m").runners(2).copyWeights(true);
        assertEquals(Optional.of(OTHER), options.sha256());
        assertFalse(ModelOptions.defaults().sha256().isPresent());
    }

    private static PackageException assertMismatch(Path path, Executable call) {
        var e = assertThrows(PackageException.class, call);
        assertEquals(path, e.path());
        assertTrue(e.getMessage().contains("SHA-256 is "), e::getMessage);
        assertTrue(e.getMessage().contains("not the package that it should be"), e::getMessage);
        return e;
    }
}
