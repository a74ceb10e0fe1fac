package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Constants change under running models: whole sets or parts, all at once or not at all. */
@NeedsLibTorch
@OnBothEngines
class HotSwapTest {
    private static final String MLP = "weights_mlp";

    @TempDir private Path folder;

    private static Path file(String model, String name) {
        return Fixture.of(model).folder().resolve(name);
    }

    private static Model load(String model, String packaging, int runners) {
        ModelOptions options = ModelOptions.defaults().runners(runners);
        return Model.load(
                file(model, packaging + ".pt2"),
                packaging.equals("none") ? options.weights(file(model, "weights.pt")) : options);
    }

    @ParameterizedTest
    @CsvSource({
        "weights_mlp, in_so, 1",
        "weights_mlp, in_so, 2",
        "weights_mlp, appended, 2",
        "weights_mlp, blob, 1",
        "weights_mlp, disk, 2",
        "weights_mlp, none, 3",
        "runtime_folding, in_so, 1",
        "runtime_folding, in_so, 2",
        "runtime_folding, blob, 1",
        "runtime_folding, blob, 2",
        "returns_weight, in_so, 1",
        "returns_weight, blob, 2",
        "mixed_dtypes, blob, 1",
        "mixed_dtypes, disk, 2",
        "strided_weight, in_so, 1",
        "strided_weight, disk, 2",
        "small_constants, in_so, 2",
        "tied, in_so, 1",
        "tied, blob, 1"
    })
    void changesToOtherWeightsAndBack(String model, String packaging, int runners) {
        Fixture fixture = Fixture.of(model);
        String c = fixture.cases().getFirst();
        try (Model loaded = load(model, packaging, runners);
                Arena arena = Arena.ofConfined()) {
            for (int round = 0; round < 3; round++) {
                assertEquals(2L * round, loaded.constants().version());
                assertAnswers(fixture, c, "", loaded, arena);
                loaded.constants().update(file(model, "weights_other.pt"));
                assertAnswers(fixture, c, ".other", loaded, arena);
                loaded.constants().update(file(model, "weights.pt"));
            }
            assertAnswers(fixture, c, "", loaded, arena);
        }
    }

    private static void assertAnswers(
            Fixture fixture, String c, String suffix, Model model, Arena arena) {
        // More often than there are instances in the container, so that each answers.
        for (int i = 0; i < 4; i++) {
            Golden.assertMatches(
                    fixture.outputs(c + suffix, arena),
                    model.run(arena, fixture.inputs(c, model, arena)));
        }
    }

    @ParameterizedTest
    @CsvSource({"weights_mlp, in_so", "weights_mlp, blob", "runtime_folding, blob"})
    void neverMixesUnderRunningThreads(String model, String packaging) throws Exception {
        Fixture fixture = Fixture.of(model);
        String c = fixture.cases().getFirst();
        AtomicBoolean stop = new AtomicBoolean();
        try (Model loaded = load(model, packaging, 2);
                Arena shared = Arena.ofShared();
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Tensor> inputs = fixture.inputs(c, loaded, shared);
            float[] before = answer(loaded, inputs);
            loaded.constants().update(file(model, "weights_other.pt"));
            float[] after = answer(loaded, inputs);
            assertFalse(Arrays.equals(before, after));
            List<Future<long[]>> runs = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                runs.add(
                        pool.submit(
                                () -> {
                                    long[] seen = new long[2];
                                    while (!stop.get()) {
                                        float[] answer = answer(loaded, inputs);
                                        if (Arrays.equals(answer, before)) {
                                            seen[0]++;
                                        } else {
                                            assertArrayEquals(after, answer);
                                            seen[1]++;
                                        }
                                    }
                                    return seen;
                                }));
            }
            long end = System.nanoTime() + 2_000_000_000L;
            int swaps = 0;
            while (System.nanoTime() - end < 0 || swaps < 20) {
                loaded.constants()
                        .update(file(model, swaps % 2 == 0 ? "weights.pt" : "weights_other.pt"));
                swaps++;
            }
            stop.set(true);
            long[] seen = new long[2];
            for (Future<long[]> run : runs) {
                long[] ofThread = run.get();
                seen[0] += ofThread[0];
                seen[1] += ofThread[1];
            }
            assertTrue(seen[0] > 0 && seen[1] > 0, () -> Arrays.toString(seen));
        }
    }

    private static float[] answer(Model model, List<Tensor> inputs) {
        try (Arena arena = Arena.ofConfined()) {
            return model.run(arena, inputs).getFirst().toFloatArray();
        }
    }

    @ParameterizedTest
    @CsvSource({"in_so", "blob", "none"})
    void completesPartialUpdatesFromTheCurrentValues(String packaging) {
        try (SafetensorsFile other = SafetensorsFile.open(file(MLP, "weights_other.safetensors"));
                SafetensorsFile base = SafetensorsFile.open(file(MLP, "weights.safetensors"));
                Model model = load(MLP, packaging, 1);
                Arena arena = Arena.ofConfined()) {
            List<String> names = other.names();
            // One after the other: after the last, all are of the other set.
            for (int i = 0; i < names.size(); i++) {
                model.constants().update(single(other, names.get(i)));
                for (int n = 0; n < names.size(); n++) {
                    SafetensorsFile expected = n <= i ? other : base;
                    String name = names.get(n);
                    assertArrayEquals(
                            floats(expected, name),
                            model.constants().read(arena, name).toFloatArray(),
                            name + " after " + names.get(i));
                }
            }
            assertAnswers(Fixture.of(MLP), "batch3", ".other", model, arena);
        }
    }

    private Path single(SafetensorsFile from, String name) {
        Path path = folder.resolve(name + ".safetensors");
        SafetensorsWriter.write(
                path,
                Map.of(
                        name,
                        new TensorData(
                                from.entry(name).dtype(),
                                from.entry(name).shape(),
                                from.segment(name))));
        return path;
    }

    private static float[] floats(SafetensorsFile file, String name) {
        return Tensor.wrap(file.segment(name), DType.FLOAT32, file.entry(name).shape())
                .toFloatArray();
    }

    @Test
    void keepsTheOldWeightsWhenTheNewOnesDoNotFit() {
        Path wrong = folder.resolve("wrong.safetensors");
        try (SafetensorsFile base = SafetensorsFile.open(file(MLP, "weights.safetensors"));
                Model model = load(MLP, "blob", 2);
                Arena arena = Arena.ofConfined()) {
            String name = base.names().getFirst();
            SafetensorsWriter.write(
                    wrong,
                    Map.of(
                            name,
                            new TensorData(DType.FLOAT32, new long[] {1}, arena.allocate(4, 4))));
            assertThrows(IncompatibleModelException.class, () -> model.constants().update(wrong));
            assertThrows(
                    AotiException.class,
                    () -> model.constants().update(folder.resolve("absent.pt")));
            assertAnswers(Fixture.of(MLP), "batch3", "", model, arena);
        }
    }

    @Test
    void keepsOldValuesForOutputsThatAreThem() {
        Fixture fixture = Fixture.of("returns_weight");
        for (String packaging : List.of("in_so", "blob")) {
            Model model = load("returns_weight", packaging, 1);
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> inputs = fixture.inputs("random", model, arena);
                List<Tensor> old = model.run(arena, inputs);
                for (int i = 0; i < 4; i++) {
                    model.constants().update(file("returns_weight", "weights_other.pt"));
                }
                Golden.assertMatches(fixture.outputs("random", arena), old);
                Golden.assertMatches(
                        fixture.outputs("random.other", arena), model.run(arena, inputs));
                model.close();
                Golden.assertMatches(fixture.outputs("random", arena), old);
            }
        }
    }

    @Test
    void unmapsOldWeightsWhenNothingUsesThem() throws IOException {
        String mapped = file(MLP, "weights_other.pt").toRealPath().toString();
        try (Model model = load(MLP, "blob", 1)) {
            model.constants().update(file(MLP, "weights_other.pt"));
            assertEquals(1, mappings(mapped));
            try (Arena arena = Arena.ofConfined()) {
                String fqn = model.constants().list().getFirst().fqn();
                Tensor weight = model.constants().read(arena, fqn);
                model.constants().update(file(MLP, "weights.pt"));
                assertEquals(1, mappings(mapped), "still read");
                assertTrue(weight.elementCount() > 0);
            }
            assertEquals(0, mappings(mapped));
        }
    }

    private static long mappings(String file) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.endsWith(file)).count();
        }
    }

    @Test
    void refusesOnceTheModelIsClosed() {
        Model model = load(MLP, "blob", 1);
        Constants constants = model.constants();
        model.close();
        assertThrows(IllegalStateException.class, constants::list);
        assertThrows(IllegalStateException.class, () -> constants.update(file(MLP, "weights.pt")));
    }
}
