package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Packages that somebody has unpacked, loaded and run. */
@NeedsLibTorch
class FolderTest {
    private static final Fixture WEIGHTS = Fixture.of("weights_mlp");

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"in_so", "appended", "blob", "disk"})
    void runsAnUnpackedPackageWhereverItsWeightsAre(String packaging) throws IOException {
        Unpacked.into(folder, WEIGHTS.folder().resolve(packaging + ".pt2"));
        for (Path path : List.of(folder, folder.resolve(packaging))) {
            try (Model model = Model.load(path)) {
                assertAnswers(model);
            }
        }
    }

    @Test
    void describesAnUnpackedPackage() throws IOException {
        Unpacked.into(folder, WEIGHTS.folder().resolve("disk.pt2"));
        try (ModelPackage opened = ModelPackage.open(folder)) {
            assertEquals(folder, opened.path());
            assertFalse(opened.isInMemory());
            ModelDescription model = opened.describe("model");
            assertEquals(7, model.constants().size());
            assertTrue(
                    model.constants().getFirst().location().contains("data/weights/weight_"),
                    model::toString);
            assertTrue(
                    opened.requirements("model", ModelOptions.defaults()).stream()
                            .allMatch(Requirement::met));
        }
    }

    @Test
    void modelsOutliveTheFolderThatTheyCameFrom() throws IOException {
        Unpacked.into(folder, WEIGHTS.folder().resolve("disk.pt2"));
        Model model;
        try (ModelPackage opened = ModelPackage.open(folder)) {
            model = opened.load();
        }
        try (model;
                var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
            assertAnswers(model);
        }
    }

    @Test
    void refusesALibraryThatIsDamaged() throws IOException {
        Unpacked.into(folder, WEIGHTS.folder().resolve("blob.pt2"));
        Path library = file(".wrapper.so");
        byte[] bytes = Files.readAllBytes(library);
        Files.write(library, Arrays.copyOf(bytes, 1000));
        assertRefused(library, "truncated");
        Files.write(library, new byte[5000]);
        assertRefused(library, "ELF");
        Files.write(library, new byte[0]);
        assertRefused(library, "empty");
    }

    @Test
    void refusesABlobOfAnotherSize() throws IOException {
        Unpacked.into(folder, WEIGHTS.folder().resolve("blob.pt2"));
        Path blob = file(".blob");
        byte[] bytes = Files.readAllBytes(blob);
        Files.write(blob, Arrays.copyOf(bytes, bytes.length - 64));
        assertRefused(blob, "blob has only");
        Files.write(blob, Arrays.copyOf(bytes, bytes.length + 64));
        assertRefused(blob, "belongs to another model");
    }

    @Test
    void refusesAFolderWithoutAPackage() {
        var e = assertThrows(PackageException.class, () -> Model.load(folder));
        assertEquals(folder, e.path());
        assertTrue(e.getMessage().contains("no unpacked package"), e::getMessage);
    }

    private void assertRefused(Path file, String words) throws IOException {
        var e = assertThrows(PackageException.class, () -> Model.load(folder));
        assertEquals(file, e.path());
        assertTrue(e.getMessage().contains(words), e::getMessage);
    }

    private Path file(String suffix) throws IOException {
        try (var files = Files.walk(folder.toRealPath())) {
            return files.filter(f -> f.toString().endsWith(suffix)).findFirst().orElseThrow();
        }
    }

    private static void assertAnswers(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            for (String name : WEIGHTS.cases()) {
                Golden.assertMatches(
                        WEIGHTS.outputs(name, arena),
                        model.run(arena, WEIGHTS.inputs(name, model, arena)));
            }
        }
    }
}
