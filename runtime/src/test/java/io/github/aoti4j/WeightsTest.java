package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.weights.Paging;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Models get their weights from wherever these are: the answers are PyTorch's in every case. */
@NeedsLibTorch
@OnBothEngines
class WeightsTest {
    private static final List<String> MODELS =
            List.of(
                    "weights_mlp",
                    "tied",
                    "mutated_buffer",
                    "returns_weight",
                    "runtime_folding",
                    "mixed_dtypes",
                    "strided_weight",
                    "odd_constants",
                    "small_constants");

    private static final List<String> PACKAGINGS =
            List.of("in_so", "appended", "blob", "disk", "none");

    @TempDir private Path folder;

    private static Path file(String model, String name) {
        return Fixture.of(model).folder().resolve(name);
    }

    static Stream<Arguments> packages() {
        return MODELS.stream()
                .flatMap(
                        model ->
                                PACKAGINGS.stream()
                                        .filter(p -> Files.exists(file(model, p + ".pt2")))
                                        .map(p -> Arguments.of(model, p)));
    }

    /** What the package's own weights, or those it was exported with, should give. */
    private static ModelOptions exported(String model, String packaging) {
        return packaging.equals("none")
                ? ModelOptions.defaults().weights(file(model, "weights.pt"))
                : ModelOptions.defaults();
    }

    private static void assertAnswers(
            String model, String packaging, ModelOptions options, String suffix) {
        Fixture fixture = Fixture.of(model);
        for (String c : fixture.cases()) {
            try (Model loaded = Model.load(file(model, packaging + ".pt2"), options);
                    Arena arena = Arena.ofConfined()) {
                Golden.assertMatches(
                        fixture.outputs(c + suffix, arena),
                        loaded.run(arena, fixture.inputs(c, loaded, arena)));
            }
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("packages")
    void usesThePackagesOwnWeights(String model, String packaging) {
        assertAnswers(model, packaging, exported(model, packaging), "");
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("packages")
    void copiesThePackagesOwnWeights(String model, String packaging) {
        assertAnswers(model, packaging, exported(model, packaging).copyWeights(true), "");
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("packages")
    void prefersTheCallersWeights(String model, String packaging) {
        ModelOptions other = ModelOptions.defaults().weights(file(model, "weights_other.pt"));
        assertAnswers(model, packaging, other, ".other");
        assertAnswers(model, packaging, other.copyWeights(true), ".other");
        assertAnswers(model, packaging, other.runners(3), ".other");
    }

    @Test
    void readsEveryFormat() {
        for (String name :
                List.of("weights.safetensors", "weights.safetensors.index.json", "weights.pt")) {
            ModelOptions options = ModelOptions.defaults().weights(file("weights_mlp", name));
            assertAnswers("weights_mlp", "none", options, "");
        }
    }

    @Test
    void prefetchesInEveryWay() {
        for (Paging paging : Paging.values()) {
            List<String> heard = new ArrayList<>();
            assertAnswers(
                    "weights_mlp",
                    "blob",
                    ModelOptions.defaults()
                            .paging(paging)
                            .progress((message, done, total) -> heard.add(message)),
                    "");
            assertEquals(paging != Paging.LAZY, !heard.isEmpty(), paging.name());
        }
    }

    @Test
    void fillsFromSeveralFiles() throws IOException {
        // Half of the names in one file, all of another set in the next: the first counts.
        Path half = folder.resolve("half.safetensors");
        try (SafetensorsFile other =
                SafetensorsFile.open(file("weights_mlp", "weights_other.safetensors"))) {
            Map<String, TensorData> named = new LinkedHashMap<>();
            for (String name : other.names().subList(0, other.names().size() / 2)) {
                var entry = other.entry(name);
                named.put(name, new TensorData(entry.dtype(), entry.shape(), other.segment(name)));
            }
            SafetensorsWriter.write(half, named);
            ModelOptions options =
                    ModelOptions.defaults()
                            .weights(half, file("weights_mlp", "weights.safetensors"));
            try (Model model = Model.load(file("weights_mlp", "none.pt2"), options)) {
                for (ConstantInfo constant : model.constants().list()) {
                    String from =
                            named.containsKey(constant.fqn())
                                    ? "half.safetensors"
                                    : "weights.safetensors";
                    assertTrue(constant.location().contains(from), constant::toString);
                }
            }
        }
    }

    @Test
    void refusesToLoadWithoutWeights() {
        Path path = file("weights_mlp", "none.pt2");
        var e = assertThrows(IncompatibleModelException.class, () -> Model.load(path));
        assertTrue(e.getMessage().contains("missing: "), e::getMessage);
        assertTrue(e.getMessage().contains("ModelOptions.weights"), e::getMessage);
    }

    /** Names with another prefix, say: the package's own weights would answer, unnoticed. */
    @ParameterizedTest
    @ValueSource(strings = {"in_so", "blob", "disk"})
    void refusesFilesThatBringNothing(String packaging) {
        Path path = file("weights_mlp", packaging + ".pt2");
        Path strangers = file("tied", "weights_other.safetensors");
        ModelOptions options = ModelOptions.defaults().weights(strangers);
        var e = assertThrows(IncompatibleModelException.class, () -> Model.load(path, options));
        assertTrue(e.getMessage().contains("none of the names"), e::getMessage);
        assertTrue(e.getMessage().contains(strangers.toString()), e::getMessage);
        Path good = file("weights_mlp", "weights.safetensors");
        ModelOptions allowed = options.allowUnknownWeights(true);
        e = assertThrows(IncompatibleModelException.class, () -> Model.load(path, allowed));
        assertTrue(e.getMessage().contains("none of the names"), e::getMessage);
        try (Model model = Model.load(path, allowed.weights(strangers, good))) {
            var update =
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> model.constants().update(strangers));
            assertTrue(update.getMessage().contains("none of the names"), update::getMessage);
        }
    }

    @Test
    void listsAllThatDoesNotFitAtOnce() {
        Path bad = folder.resolve("bad.safetensors");
        try (SafetensorsFile good =
                        SafetensorsFile.open(file("weights_mlp", "weights.safetensors"));
                Arena arena = Arena.ofConfined()) {
            Map<String, TensorData> named = new LinkedHashMap<>();
            List<String> names = new ArrayList<>(good.names());
            names.sort(null);
            String dtype = names.get(0);
            String shape = names.get(1);
            String missing = names.get(2);
            for (String name : names) {
                var entry = good.entry(name);
                long count = Tensor.zeros(arena, entry.dtype(), entry.shape()).elementCount();
                if (name.equals(dtype)) {
                    named.put(
                            name, new TensorData(DType.INT8, entry.shape(), arena.allocate(count)));
                } else if (name.equals(shape)) {
                    named.put(
                            name,
                            new TensorData(
                                    entry.dtype(), new long[] {count, 1}, good.segment(name)));
                } else if (!name.equals(missing)) {
                    named.put(
                            name, new TensorData(entry.dtype(), entry.shape(), good.segment(name)));
                }
            }
            named.put("stranger", new TensorData(DType.INT8, new long[] {1}, arena.allocate(1)));
            SafetensorsWriter.write(bad, named);
            ModelOptions options = ModelOptions.defaults().weights(bad);
            Path path = file("weights_mlp", "none.pt2");
            var e = assertThrows(IncompatibleModelException.class, () -> Model.load(path, options));
            String message = e.getMessage();
            assertTrue(message.contains(dtype + " must be float32, but is int8"), message);
            assertTrue(message.contains(shape + " must have shape"), message);
            assertTrue(message.contains("missing: " + missing), message);
            assertTrue(
                    message.contains(
                            bad + ": 1 name that the model does not have: stranger (int8 [1])"),
                    message);
        }
    }

    @Test
    void namesTheWeightFileThatIsNotThere() {
        Path path = file("weights_mlp", "none.pt2");
        Path absent = folder.resolve("absent.safetensors");
        ModelOptions options =
                ModelOptions.defaults().weights(file("weights_mlp", "weights.pt"), absent);
        var e = assertThrows(PackageException.class, () -> Model.load(path, options));
        assertEquals(absent, e.path());
    }

    @Test
    void keepsWhatAModelWritesIntoItsBuffersToThatModel() {
        Fixture fixture = Fixture.of("mutated_buffer");
        for (String packaging : List.of("in_so", "blob")) {
            Path path = file("mutated_buffer", packaging + ".pt2");
            try (Model first = Model.load(path);
                    Model second = Model.load(path);
                    Arena arena = Arena.ofConfined()) {
                for (String run : List.of("", ".run2", ".run3")) {
                    Golden.assertMatches(
                            fixture.outputs("ramp" + run, arena),
                            first.run(arena, fixture.inputs("ramp", first, arena)));
                }
                Golden.assertMatches(
                        fixture.outputs("ramp", arena),
                        second.run(arena, fixture.inputs("ramp", second, arena)));
            }
        }
        // And none of it reached the file.
        assertAnswers("mutated_buffer", "blob", ModelOptions.defaults(), "");
    }

    @Test
    void letsOutputsThatAreWeightsOutliveModelAndFile() {
        for (String packaging : List.of("in_so", "blob")) {
            Fixture fixture = Fixture.of("returns_weight");
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> outputs;
                try (Model model = Model.load(file("returns_weight", packaging + ".pt2"))) {
                    outputs = model.run(arena, fixture.inputs("random", model, arena));
                }
                Golden.assertMatches(fixture.outputs("random", arena), outputs);
            }
        }
    }

    @Test
    void readsConstantsBack() {
        try (SafetensorsFile file =
                        SafetensorsFile.open(file("weights_mlp", "weights.safetensors"));
                Arena arena = Arena.ofConfined()) {
            for (String packaging : PACKAGINGS) {
                try (Model model =
                        Model.load(
                                file("weights_mlp", packaging + ".pt2"),
                                exported("weights_mlp", packaging))) {
                    assertFalse(model.constants().list().isEmpty());
                    for (ConstantInfo constant : model.constants().list()) {
                        Tensor tensor = model.constants().read(arena, constant.fqn());
                        assertArrayEquals(
                                Tensor.wrap(
                                                file.segment(constant.fqn()),
                                                DType.FLOAT32,
                                                file.entry(constant.fqn()).shape())
                                        .toFloatArray(),
                                tensor.toFloatArray(),
                                constant::toString);
                        assertTrue(tensor.segment().isReadOnly());
                        assertEquals(DType.FLOAT32, constant.dtype().orElseThrow());
                    }
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> model.constants().read(arena, "no.such.name"));
                }
            }
        }
    }
}
