package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A package of three models that share weights, two of which change a buffer that all read. Their
 * names are {@code m}, {@code m2} and {@code m/part}.
 */
@NeedsLibTorch
@OnBothEngines
class SeveralModelsTest {
    private static final Fixture SEVERAL = Fixture.of("several");
    private static final List<String> NAMES = List.of("m", "m2", "m/part");
    private static final ModelOptions DEFAULTS = ModelOptions.defaults();

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"all_disk", "all_blob", "all_mixed"})
    void givesWhatPyTorchGivesForEach(String packaging) throws IOException {
        Path path = SEVERAL.folder().resolve(packaging + ".pt2");
        try (ModelPackage opened = ModelPackage.open(path)) {
            assertEquals(NAMES, opened.models());
            assertAnswers(opened);
        }
        try (ModelPackage opened = ModelPackage.open(Unpacked.into(folder, path))) {
            assertEquals(Set.copyOf(NAMES), Set.copyOf(opened.models()));
            assertAnswers(opened);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"all_disk", "all_blob", "all_mixed"})
    void noModelSeesWhatAnotherWrites(String packaging) {
        Path path = SEVERAL.folder().resolve(packaging + ".pt2");
        List<Model> models = new ArrayList<>();
        try (ModelPackage opened = ModelPackage.open(path)) {
            // Twice each, all from one mapping.
            for (String name : List.of("m", "m2", "m/part", "m", "m2", "m/part")) {
                models.add(opened.load(DEFAULTS.model(name)));
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            for (String run : List.of("", ".run2")) {
                for (Model model : models) {
                    assertAnswers(model, run, arena);
                }
            }
        } finally {
            models.forEach(Model::close);
        }
    }

    @Test
    void mapsTheFileOnceForAllModelsThatOnlyRead() throws IOException {
        Path path =
                Files.copy(SEVERAL.folder().resolve("all_disk.pt2"), folder.resolve("package.pt2"));
        List<Model> models = new ArrayList<>();
        try (ModelPackage opened = ModelPackage.open(path)) {
            for (int i = 0; i < 3; i++) {
                models.add(opened.load(DEFAULTS.model("m")));
            }
            assertEquals(1, mappings(path));
            models.add(opened.load(DEFAULTS.model("m2")));
            models.add(opened.load(DEFAULTS.model("m/part")));
            // Each of those has one more, for the buffer that it writes to.
            assertEquals(3, mappings(path));
        }
        assertEquals(3, mappings(path));
        try (Arena arena = Arena.ofConfined()) {
            for (Model model : models) {
                assertAnswers(model, "", arena);
            }
        }
        models.forEach(Model::close);
        assertEquals(0, mappings(path));
    }

    @Test
    void loadsModelsFromManyThreadsAtOnce() throws Exception {
        Path unpacked = Unpacked.into(folder, SEVERAL.folder().resolve("all_disk.pt2"));
        for (Path path : List.of(SEVERAL.folder().resolve("all_disk.pt2"), unpacked)) {
            var loading = new ArrayList<Future<Model>>();
            try (ModelPackage opened = ModelPackage.open(path);
                    var executor = Executors.newFixedThreadPool(4)) {
                for (int i = 0; i < 12; i++) {
                    String name = NAMES.get(i % NAMES.size());
                    loading.add(executor.submit(() -> opened.load(DEFAULTS.model(name))));
                }
            }
            try (Arena arena = Arena.ofConfined()) {
                for (var each : loading) {
                    try (Model model = each.get()) {
                        assertAnswers(model, "", arena);
                    }
                }
            }
        }
        assertEquals(0, mappings(folder));
    }

    @Test
    void saysOfEachModelWhereItsWeightsLie() {
        try (ModelPackage opened = ModelPackage.open(SEVERAL.folder().resolve("all_mixed.pt2"))) {
            assertLocation(opened, "m", ".wrapper.so");
            assertLocation(opened, "m2", "data/weights/weight_");
            assertLocation(opened, "m/part", "_weights.blob");
        }
    }

    private static void assertLocation(ModelPackage opened, String model, String location) {
        for (ConstantInfo constant : opened.describe(model).constants()) {
            assertTrue(constant.location().contains(location), constant::toString);
        }
    }

    @Test
    void listsTheModelsWhenNoneOrAnotherIsNamed() {
        Path path = SEVERAL.folder().resolve("all_disk.pt2");
        var e = assertThrows(PackageException.class, () -> Model.load(path));
        assertTrue(e.getMessage().contains("m, m2, m/part"), e::getMessage);
        for (String name : List.of("m/", "m3", "", "m/part/x", "m/../m2", "/m", "M")) {
            e =
                    assertThrows(
                            PackageException.class,
                            () -> Model.load(path, DEFAULTS.model(name)),
                            name);
            assertTrue(e.getMessage().contains("\"m2\", \"m/part\""), e::getMessage);
        }
    }

    @Test
    void sharesWhatCallersCopyToo() {
        try (ModelPackage opened = ModelPackage.open(SEVERAL.folder().resolve("all_blob.pt2"));
                Model one = opened.load(DEFAULTS.model("m2").copyWeights(true));
                Model other = opened.load(DEFAULTS.model("m2"));
                Arena arena = Arena.ofConfined()) {
            assertAnswers(one, "", arena);
            assertAnswers(other, "", arena);
            assertAnswers(one, ".run2", arena);
        }
    }

    private static void assertAnswers(ModelPackage opened) {
        try (Arena arena = Arena.ofConfined()) {
            for (String name : NAMES) {
                try (Model model = opened.load(DEFAULTS.model(name))) {
                    assertEquals(name, model.name());
                    assertAnswers(model, "", arena);
                    assertAnswers(model, ".run2", arena);
                }
            }
        }
    }

    private static void assertAnswers(Model model, String run, Arena arena) {
        String name = model.name().replace('/', '_');
        Golden.assertMatches(
                SEVERAL.outputs(name + run, arena),
                model.run(arena, SEVERAL.inputs(name, model, arena)));
    }

    private static long mappings(Path path) throws IOException {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains(path.toString())).count();
        }
    }
}
