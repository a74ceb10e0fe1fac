package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** One layer in four variants: f32 [4, 12], f32 [16, 12], f64 [4, 12], f32 [1..256, 12]. */
@NeedsLibTorch
@OnBothEngines
class GuardedModelTest {
    private static final Fixture VARIANTS = Fixture.of("variants");
    private static final Path PACKAGE = VARIANTS.folder().resolve("all.pt2");
    private static final ModelOptions DEFAULTS = ModelOptions.defaults();

    private static GuardedModel guarded;

    @BeforeAll
    static void load() {
        guarded = GuardedModel.load(PACKAGE);
    }

    @AfterAll
    static void close() {
        guarded.close();
    }

    @Test
    void hasAllModelsOfThePackage() {
        assertEquals(
                List.of("f32_4", "f32_16", "f64_4", "f32_any"),
                guarded.variants().stream().map(Model::name).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32_4", "f32_16", "f64_4", "f32_any200", "f32_any1"})
    void givesWhatPyTorchGivesForEachVariant(String name) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = inputs(name, arena);
            Golden.assertMatches(VARIANTS.outputs(name, arena), guarded.run(arena, inputs));
            Tensor[] array = inputs.toArray(Tensor[]::new);
            String chosen = guarded.match(array).orElseThrow().name();
            assertTrue(guarded.match(array).orElseThrow().accepts(array));
            assertTrue(name.startsWith(chosen) || chosen.equals("f32_any"), chosen);
        }
    }

    @Test
    void asksTheVariantOfTheLastRunFirst() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor four = inputs("f32_4", arena).getFirst();
            Tensor fours = inputs("f64_4", arena).getFirst();
            Tensor any = inputs("f32_any200", arena).getFirst();
            assertEquals("f64_4", guarded.match(fours).orElseThrow().name());
            assertEquals("f32_4", guarded.match(four).orElseThrow().name());
            assertEquals("f32_any", guarded.match(any).orElseThrow().name());
            assertEquals("f32_any", guarded.match(four).orElseThrow().name());
            assertEquals("f64_4", guarded.match(fours).orElseThrow().name());
            assertEquals("f32_4", guarded.match(four).orElseThrow().name());
        }
    }

    @Test
    void saysOfEachVariantWhyItDoesNotFit() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor large = Tensor.zeros(arena, DType.FLOAT32, 300, 12);
            assertEquals(Optional.empty(), guarded.match(large));
            var e = assertThrows(InvalidInputException.class, () -> guarded.run(arena, large));
            List<String> lines = e.getMessage().lines().toList();
            assertEquals("no variant takes these inputs:", lines.get(0));
            assertLine(
                    lines.get(1),
                    "variant 0, model f32_4: input 0",
                    "dimension 0 must be 4, but is 300");
            assertLine(
                    lines.get(2),
                    "variant 1, model f32_16: input 0",
                    "dimension 0 must be 16, but is 300");
            assertLine(
                    lines.get(3),
                    "variant 2, model f64_4: input 0",
                    "must be float64, but is float32");
            assertLine(
                    lines.get(4),
                    "variant 3, model f32_any: input 0",
                    "must be at most 256, but is 300");
            assertEquals(5, lines.size());

            Tensor readOnly =
                    Tensor.wrap(arena.allocate(4 * 12 * 4, 64).asReadOnly(), DType.FLOAT32, 4, 12);
            e = assertThrows(InvalidInputException.class, () -> guarded.run(arena, readOnly));
            assertLine(e.getMessage().lines().toList().get(1), "model f32_4", "read-only");

            e = assertThrows(InvalidInputException.class, () -> guarded.run(arena));
            assertLine(e.getMessage().lines().toList().get(4), "model f32_any", "takes 1 input");
        }
    }

    private static void assertLine(String line, String... words) {
        for (String word : words) {
            assertTrue(line.contains(word), line);
        }
    }

    @Test
    void refusesNullsAsAModelDoes() {
        try (Arena arena = Arena.ofConfined()) {
            var e =
                    assertThrows(
                            NullPointerException.class,
                            () -> guarded.run(arena, new Tensor[] {null}));
            assertTrue(e.getMessage().startsWith("input 0 "), e::getMessage);
            assertThrows(NullPointerException.class, () -> guarded.run(arena, (List<Tensor>) null));
            Tensor four = inputs("f32_4", arena).getFirst();
            assertThrows(NullPointerException.class, () -> guarded.run(null, four));
        }
    }

    @Test
    void choosesByNestedArgumentsToo() {
        try (Arena arena = Arena.ofConfined()) {
            for (String name : List.of("f32_4", "f64_4", "f32_16")) {
                Tensor input = inputs(name, arena).getFirst();
                List<Tensor> expected = VARIANTS.outputs(name, arena);
                Golden.assertMatches(expected, List.of((Tensor) guarded.call(arena, input)));
                Arguments arguments = Arguments.of(input);
                Golden.assertMatches(
                        expected, List.of(guarded.call(arena, arguments, Tensor.class)));
            }
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> guarded.call(arena, Tensor.zeros(arena, DType.INT64, 4, 12)));
            List<String> lines = e.getMessage().lines().toList();
            assertLine(lines.get(1), "variant 0, model f32_4", "must be float32, but is int64");
            assertLine(lines.get(3), "variant 2, model f64_4", "must be float64, but is int64");
            e = assertThrows(InvalidInputException.class, () -> guarded.call(arena, 1, 2));
            assertEquals(4, e.getMessage().lines().filter(l -> l.startsWith("  variant ")).count());
        }
    }

    @Test
    void choosesForManyThreadsAtOnce() throws Exception {
        var names = List.of("f32_4", "f32_16", "f64_4", "f32_any200");
        try (GuardedModel shared = GuardedModel.load(List.of(PACKAGE), DEFAULTS.runners(2));
                var executor = Executors.newFixedThreadPool(4)) {
            var done = new ArrayList<Future<Integer>>();
            for (int t = 0; t < 4; t++) {
                int first = t;
                done.add(
                        executor.submit(
                                () -> {
                                    int runs = 0;
                                    for (; runs < 200; runs++) {
                                        try (Arena arena = Arena.ofConfined()) {
                                            String name = names.get((first + runs) % 4);
                                            Golden.assertMatches(
                                                    VARIANTS.outputs(name, arena),
                                                    shared.run(arena, inputs(name, arena)));
                                        }
                                    }
                                    return runs;
                                }));
            }
            for (var each : done) {
                assertEquals(200, each.get());
            }
        }
    }

    @Test
    void choosesWithoutGarbage() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            Tensor[][] inputs = {
                {inputs("f32_16", arena).getFirst()},
                {inputs("f64_4", arena).getFirst()},
                {inputs("f32_any200", arena).getFirst()},
                {Tensor.zeros(arena, DType.FLOAT32, 300, 12)}
            };
            assertEquals(300, accepted(inputs, 100));
            long before = threads.getCurrentThreadAllocatedBytes();
            int accepted = accepted(inputs, 10_000);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertEquals(30_000, accepted);
            assertTrue(allocated < 10_000, allocated + " bytes");
        }
    }

    /** As often as all variants are asked for all inputs, how often one takes them first. */
    private static int accepted(Tensor[][] inputs, int times) {
        int accepted = 0;
        List<Model> variants = guarded.variants();
        for (int i = 0; i < times; i++) {
            for (Tensor[] each : inputs) {
                for (int v = 0; v < variants.size(); v++) {
                    if (variants.get(v).accepts(each)) {
                        accepted++;
                        break;
                    }
                }
            }
        }
        return accepted;
    }

    @Test
    void combinesSeveralPackages() {
        Fixture mlp = Fixture.of("mlp");
        try (GuardedModel both = GuardedModel.load(List.of(PACKAGE, mlp.path()), DEFAULTS);
                Arena arena = Arena.ofConfined()) {
            assertEquals(5, both.variants().size());
            List<Tensor> inputs = mlp.inputs("batch8", both.variants().getLast(), arena);
            Golden.assertMatches(mlp.outputs("batch8", arena), both.run(arena, inputs));
        }
        try (ModelPackage opened = ModelPackage.open(PACKAGE);
                GuardedModel one = GuardedModel.load(opened, DEFAULTS.model("f64_4"))) {
            assertEquals("GuardedModel[Model[f64_4]]", one.toString());
        }
    }

    @Test
    void closesAllVariantsAndOnlyOnce() {
        GuardedModel model = GuardedModel.load(PACKAGE);
        model.close();
        model.close();
        assertTrue(model.variants().stream().allMatch(Model::isClosed));
        try (Arena arena = Arena.ofConfined()) {
            Tensor four = inputs("f32_4", arena).getFirst();
            assertThrows(IllegalStateException.class, () -> model.run(arena, four));
        }
    }

    @Test
    void leavesNothingOpenWhereOneCannotBeLoaded() {
        Path missing = Path.of("missing.pt2");
        var e =
                assertThrows(
                        PackageException.class,
                        () -> GuardedModel.load(List.of(PACKAGE, missing), DEFAULTS));
        assertEquals(missing, e.path());
        assertThrows(
                PackageException.class,
                () -> GuardedModel.load(List.of(PACKAGE), DEFAULTS.model("f32_5")));
        assertThrows(IllegalArgumentException.class, () -> GuardedModel.of(List.of()));
    }

    @Test
    void refusesAVariantThatStatesNoChecks(@TempDir Path folder) throws IOException {
        Unpacked.into(folder, PACKAGE, name -> !name.endsWith(".cpp"));
        try (Model model = Model.load(folder, DEFAULTS.model("f32_4"))) {
            var e =
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> GuardedModel.of(List.of(guarded.variants().getFirst(), model)));
            assertTrue(e.getMessage().contains("no source"), e::getMessage);
            assertFalse(model.isClosed());
            assertFalse(guarded.variants().getFirst().isClosed());
        }
    }

    private static List<Tensor> inputs(String name, Arena arena) {
        return VARIANTS.inputs(name, guarded.variants().getLast(), arena);
    }
}
