package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

@ExtendWith(DemoOperators.class)
@NeedsLibTorch
@OnBothEngines
class RunnerTest {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    static Stream<Arguments> cases() {
        return Fixture.all().stream()
                .flatMap(fixture -> fixture.cases().stream().map(c -> Arguments.of(fixture, c)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("cases")
    void givesWhatPyTorchGives(Fixture fixture, String caseName) {
        try (Model model = fixture.load();
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                fixture.inputs(caseName, model, arena).toArray(Tensor[]::new))) {
            runner.run();
            Golden.assertMatches(fixture.outputs(caseName, arena), outputs(runner));
        }
    }

    private static List<Tensor> outputs(Runner runner) {
        List<Tensor> outputs = new ArrayList<>();
        for (int i = 0; i < runner.outputCount(); i++) {
            outputs.add(runner.output(i));
        }
        return outputs;
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("cases")
    void copiesWhatTheViewShows(Fixture fixture, String caseName) {
        try (Model model = fixture.load();
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                fixture.inputs(caseName, model, arena).toArray(Tensor[]::new))) {
            runner.run();
            for (int i = 0; i < runner.outputCount(); i++) {
                byte[] expected = runner.output(i).toByteArray();
                byte[] copy = new byte[expected.length];
                assertEquals(copy.length, runner.copyOutput(i, MemorySegment.ofArray(copy)));
                assertArrayEquals(expected, copy);
            }
        }
    }

    private static void fill(Tensor tensor, float value) {
        for (long i = 0; i < tensor.elementCount(); i++) {
            tensor.segment().setAtIndex(FLOAT, i, value);
        }
    }

    private static float first(Tensor tensor) {
        return tensor.segment().getAtIndex(FLOAT, 0);
    }

    @Test
    void readsInputsWhereTheyAreWritten() {
        try (Model model = Fixture.of("add_one").load();
                Runner runner = model.newRunner()) {
            for (float value = 0; value < 20; value++) {
                fill(runner.input(0), value);
                runner.run();
                assertEquals(value + 1, first(runner.output(0)));
            }
        }
    }

    @Test
    void anOldViewShowsTheNewValuesOrIsDead() {
        try (Model model = Fixture.of("add_one").load();
                Runner runner = model.newRunner()) {
            List<Tensor> views = new ArrayList<>();
            for (float value = 0; value < 200; value++) {
                fill(runner.input(0), value);
                runner.run();
                for (Tensor old : views) {
                    if (old.segment().scope().isAlive()) {
                        assertEquals(value + 1, first(old));
                        assertSame(old, runner.output(0));
                    } else {
                        assertThrows(IllegalStateException.class, () -> first(old));
                    }
                }
                views.add(runner.output(0));
            }
        }
    }

    @Test
    void makesNoObject() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Model model = Fixture.of("add_one").load();
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner()) {
            MemorySegment target = arena.allocate(320);
            // The compiler needs a while to see that nothing has to be made.
            long allocated = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 30 && allocated != 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 100_000; i++) {
                    runner.run();
                    runner.copyOutput(0, target);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertEquals(0, allocated);
        }
    }

    @Test
    void takesOtherSizesOneInputAfterTheOther() {
        try (Model model = Fixture.of("shared_batch").load();
                Arena arena = Arena.ofConfined()) {
            Fixture fixture = Fixture.of("shared_batch");
            List<String> cases = fixture.cases();
            Tensor[] first = fixture.inputs(cases.getFirst(), model, arena).toArray(Tensor[]::new);
            Tensor[] last = fixture.inputs(cases.getLast(), model, arena).toArray(Tensor[]::new);
            assertTrue(!Arrays.equals(first[0].shape(), last[0].shape()));
            try (Runner runner = model.newRunner(first)) {
                runner.run();
                runner.bind(0, last[0]);
                assertThrows(InvalidInputException.class, runner::run);
                runner.bind(1, last[1]);
                for (int i = 2; i < last.length; i++) {
                    runner.bind(i, last[i]);
                }
                runner.run();
                Golden.assertMatches(fixture.outputs(cases.getLast(), arena), outputs(runner));
            }
        }
    }

    @Test
    void refusesWhatDoesNotFitAndKeepsWhatWasBound() {
        try (Model model = Fixture.of("add_one").load();
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner()) {
            fill(runner.input(0), 4);
            Tensor wrongShape = Tensor.zeros(arena, DType.FLOAT32, 8, 11);
            Tensor wrongType = Tensor.zeros(arena, DType.INT32, 8, 10);
            Tensor readOnly = Tensor.wrap(arena.allocate(320).asReadOnly(), DType.FLOAT32, 8, 10);
            for (Tensor wrong : List.of(wrongShape, wrongType, readOnly)) {
                assertThrows(InvalidInputException.class, () -> runner.bind(0, wrong));
            }
            assertThrows(InvalidInputException.class, () -> runner.allocate(0, 8, 11));
            assertThrows(NullPointerException.class, () -> runner.bind(0, null));
            assertThrows(IndexOutOfBoundsException.class, () -> runner.input(1));
            runner.run();
            assertEquals(5, first(runner.output(0)));
        }
    }

    @Test
    void hasToBeGivenInputsOfVaryingSizes() {
        try (Model model = Fixture.of("mlp").load();
                Runner runner = model.newRunner()) {
            var e = assertThrows(IllegalStateException.class, runner::run);
            assertTrue(e.getMessage().contains("allocate(0"), e::toString);
            assertThrows(IllegalStateException.class, () -> runner.input(0));
            long width = Fixture.of("mlp").width(model);
            for (long batch : new long[] {3, 64, 2, 65}) {
                Tensor input = runner.allocate(0, batch, width);
                assertSame(input, runner.input(0));
                runner.run();
                assertEquals(batch, runner.output(0).size(0));
            }
        }
    }

    @Test
    void memoryThatIsReplacedIsDead() {
        try (Model model = Fixture.of("mlp").load();
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner()) {
            long width = Fixture.of("mlp").width(model);
            Tensor small = runner.allocate(0, 2, width);
            Tensor large = runner.allocate(0, 100, width);
            assertThrows(IllegalStateException.class, () -> first(small));
            runner.bind(0, Tensor.zeros(arena, DType.FLOAT32, 3, width));
            assertThrows(IllegalStateException.class, () -> first(large));
        }
    }

    @Test
    @SuppressWarnings("try") // what another thread does not close
    void belongsToItsThread() throws Exception {
        try (Model model = Fixture.of("add_one").load();
                Runner runner = model.newRunner();
                var other = Executors.newSingleThreadExecutor()) {
            List<Callable<Object>> calls =
                    List.of(
                            () -> {
                                runner.run();
                                return null;
                            },
                            () -> runner.input(0),
                            () -> runner.output(0),
                            () -> {
                                runner.close();
                                return null;
                            });
            for (Callable<Object> call : calls) {
                other.submit(() -> assertThrows(WrongThreadException.class, call::call)).get();
            }
            runner.run();
        }
    }

    @Test
    void isDeadWhenClosed() {
        try (Model model = Fixture.of("add_one").load()) {
            Runner runner = model.newRunner();
            runner.run();
            Tensor input = runner.input(0);
            Tensor output = runner.output(0);
            runner.close();
            runner.close();
            assertThrows(IllegalStateException.class, runner::run);
            assertThrows(IllegalStateException.class, () -> runner.output(0));
            assertThrows(IllegalStateException.class, () -> first(input));
            assertThrows(IllegalStateException.class, () -> first(output));
        }
    }

    @Test
    void hasNoOutputsBeforeItHasRun() {
        try (Model model = Fixture.of("add_one").load();
                Runner runner = model.newRunner()) {
            assertThrows(IllegalStateException.class, () -> runner.output(0));
            var target = MemorySegment.ofArray(new float[80]);
            assertThrows(IllegalStateException.class, () -> runner.copyOutput(0, target));
        }
    }

    @Test
    void refusesItsOwnOutputAsAnInput() {
        try (Model model = Fixture.of("add_one").load();
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner();
                Runner other = model.newRunner()) {
            fill(runner.input(0), 1);
            runner.run();
            Tensor output = runner.output(0);
            Tensor part = Tensor.wrap(output.segment().asSlice(0), DType.FLOAT32, 8, 10);
            for (Tensor own : List.of(output, part)) {
                var e = assertThrows(InvalidInputException.class, () -> runner.bind(0, own));
                assertTrue(e.getMessage().contains("copy"), e::toString);
            }
            other.bind(0, output);
            other.run();
            assertEquals(3, first(other.output(0)));
            runner.bind(0, output.copy(arena));
            runner.run();
            assertEquals(3, first(runner.output(0)));
        }
    }

    @Test
    void refusesATargetThatIsTooSmall() {
        try (Model model = Fixture.of("add_one").load();
                Runner runner = model.newRunner()) {
            runner.run();
            var target = MemorySegment.ofArray(new float[79]);
            var e = assertThrows(InvalidInputException.class, () -> runner.copyOutput(0, target));
            assertTrue(e.getMessage().contains("320"), e::toString);
        }
    }

    @Test
    void outputsOutliveTheModelsClose() {
        Model model = Fixture.of("add_one").load();
        try (Runner runner = model.newRunner()) {
            fill(runner.input(0), 1);
            runner.run();
            Tensor output = runner.output(0);
            model.close();
            assertEquals(2, first(output));
            assertEquals(2, first(runner.output(0)));
            assertThrows(IllegalStateException.class, runner::run);
            assertThrows(IllegalStateException.class, model::newRunner);
        }
    }

    @Test
    void refusesInputsWhoseArenaIsClosed() {
        try (Model model = Fixture.of("add_one").load()) {
            Arena arena = Arena.ofShared();
            try (Runner runner = model.newRunner(Tensor.zeros(arena, DType.FLOAT32, 8, 10))) {
                runner.run();
                arena.close();
                assertThrows(IllegalStateException.class, runner::run);
                assertThrows(IllegalStateException.class, () -> runner.output(0));
                Tensor own = runner.allocate(0, 8, 10);
                fill(own, 6);
                runner.run();
                assertEquals(7, first(runner.output(0)));
            }
        }
    }

    @Test
    @SuppressWarnings("try") // closed twice
    void anOutputThatIsAnInputSharesItsMemory() {
        Fixture fixture = Fixture.of("identity");
        try (Model model = fixture.load();
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                fixture.inputs(fixture.cases().getFirst(), model, arena)
                                        .toArray(Tensor[]::new))) {
            runner.run();
            Tensor output = runner.output(0);
            runner.close();
            assertTrue(output.segment().scope().isAlive());
        }
    }

    @Test
    void anOutputThatIsAnInputEndsWithTheInput() {
        try (Model model = Fixture.of("identity").load();
                Runner runner = model.newRunner()) {
            var target = MemorySegment.ofArray(new float[12]);
            Arena arena = Arena.ofShared();
            runner.bind(0, Tensor.zeros(arena, DType.FLOAT32, 3, 4));
            runner.run();
            arena.close();
            for (int i = 0; i < runner.outputCount(); i++) {
                int output = i;
                assertThrows(IllegalStateException.class, () -> runner.copyOutput(output, target));
                Tensor view = runner.output(i);
                assertThrows(IllegalStateException.class, () -> view.toFloatArray());
            }
        }
    }

    @Test
    void anOutputThatIsAnInputIsNotTheOneThatWasBoundSince() {
        try (Model model = Fixture.of("identity").load();
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner()) {
            float[] copied = new float[12];
            Tensor first = Tensor.zeros(arena, DType.FLOAT32, 3, 4);
            fill(first, 1);
            runner.bind(0, first);
            runner.run();
            runner.allocate(0, 3, 4);
            assertEquals(1, first(runner.output(0)));
            runner.run();
            // Frees the memory that the outputs are views of.
            runner.bind(0, first);
            assertThrows(
                    IllegalStateException.class,
                    () -> runner.copyOutput(0, MemorySegment.ofArray(copied)));
            Tensor view = runner.output(0);
            assertThrows(IllegalStateException.class, () -> first(view));
            runner.run();
            runner.copyOutput(0, MemorySegment.ofArray(copied));
            assertEquals(1, copied[0]);
        }
    }

    @Test
    void sizesAreComparedBeforeThereIsMemoryForThem() {
        try (Model model = Fixture.of("mlp").load();
                Runner runner = model.newRunner()) {
            long width = Fixture.of("mlp").width(model);
            assertThrows(
                    InvalidInputException.class, () -> runner.allocate(0, Long.MAX_VALUE / 8, 1));
            assertThrows(InvalidInputException.class, () -> runner.allocate(0, 1L << 50, width));
        }
    }

    @Test
    void severalRunSideBySide() throws Exception {
        int threads = 4;
        try (Model model =
                        Model.load(
                                Fixture.of("add_one").path(), ModelOptions.defaults().runners(2));
                var pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int base = 1000 * t;
                results.add(
                        pool.submit(
                                () -> {
                                    try (Runner runner = model.newRunner()) {
                                        int right = 0;
                                        for (int i = 0; i < 5000; i++) {
                                            fill(runner.input(0), base + i % 1000);
                                            runner.run();
                                            float y = first(runner.output(0));
                                            right += y == base + i % 1000 + 1 ? 1 : 0;
                                        }
                                        return right;
                                    }
                                }));
            }
            for (Future<Integer> result : results) {
                assertEquals(5000, result.get());
            }
        }
    }

    @Test
    void usesTheConstantsOfTheDay() {
        Fixture fixture = Fixture.of("weights_mlp");
        try (Model model = Model.load(fixture.folder().resolve("blob.pt2"));
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                fixture.inputs("batch3", model, arena).toArray(Tensor[]::new))) {
            runner.run();
            Golden.assertMatches(fixture.outputs("batch3", arena), List.of(runner.output(0)));
            model.constants().update(fixture.folder().resolve("weights_other.safetensors"));
            runner.run();
            Golden.assertMatches(fixture.outputs("batch3.other", arena), List.of(runner.output(0)));
        }
    }

    @Test
    void everyLaneUsesTheConstantsOfTheDay() {
        Fixture fixture = Fixture.of("weights_mlp");
        for (String packaging : List.of("blob.pt2", "disk.pt2", "in_so.pt2", "appended.pt2")) {
            try (Model model =
                            Model.load(
                                    fixture.folder().resolve(packaging),
                                    ModelOptions.defaults().runners(3));
                    Arena arena = Arena.ofConfined()) {
                List<Runner> lanes = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    lanes.add(
                            model.newRunner(
                                    fixture.inputs("batch3", model, arena).toArray(Tensor[]::new)));
                }
                requireAll(lanes, fixture.outputs("batch3", arena));
                model.constants().update(fixture.folder().resolve("weights_other.safetensors"));
                requireAll(lanes, fixture.outputs("batch3.other", arena));
                model.constants().update(fixture.folder().resolve("weights.safetensors"));
                requireAll(lanes, fixture.outputs("batch3", arena));
                lanes.forEach(Runner::close);
            }
        }
    }

    private static void requireAll(List<Runner> runners, List<Tensor> expected) {
        for (Runner runner : runners) {
            runner.run();
            Golden.assertMatches(expected, outputs(runner));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"in_so.pt2", "blob.pt2"})
    void aBufferThatRunsWriteIsOneForAllLanes(String packaging) {
        Fixture fixture = Fixture.of("mutated_buffer");
        String caseName = fixture.cases().getFirst();
        List<byte[]> expected = new ArrayList<>();
        for (int runners : new int[] {1, 2}) {
            try (Model model =
                            Model.load(
                                    fixture.folder().resolve(packaging),
                                    ModelOptions.defaults().runners(runners));
                    Arena arena = Arena.ofConfined()) {
                Tensor[] inputs = fixture.inputs(caseName, model, arena).toArray(Tensor[]::new);
                try (Runner one = model.newRunner(inputs);
                        Runner two = model.newRunner(inputs)) {
                    for (int i = 0; i < 6; i++) {
                        Runner runner = i % 2 == 0 ? one : two;
                        runner.run();
                        byte[] bytes = runner.output(0).toByteArray();
                        if (runners == 1) {
                            expected.add(bytes);
                        } else {
                            assertArrayEquals(expected.get(i), bytes);
                        }
                    }
                }
            }
        }
        assertFalse(Arrays.equals(expected.get(0), expected.get(1)));
    }

    @Test
    void checksShapesWithoutMemory() {
        try (Model model = Fixture.of("mlp").load()) {
            model.checkShapes(List.of(new long[] {1024, 10}));
            for (long[] shape : new long[][] {{1L << 60, 10}, {0, 10}, {8}, {8, 11}, {-1, 10}}) {
                List<long[]> shapes = List.of(shape);
                assertThrows(InvalidInputException.class, () -> model.checkShapes(shapes));
            }
            List<long[]> none = List.of();
            assertThrows(InvalidInputException.class, () -> model.checkShapes(none));
        }
        // Inputs that share a size.
        try (Model model = Fixture.of("shared_batch").load();
                Arena arena = Arena.ofConfined()) {
            List<long[]> shapes = new ArrayList<>();
            String c = Fixture.of("shared_batch").cases().getFirst();
            Fixture.of("shared_batch")
                    .inputs(c, model, arena)
                    .forEach(tensor -> shapes.add(tensor.shape()));
            model.checkShapes(shapes);
            shapes.getFirst()[0]++;
            assertThrows(InvalidInputException.class, () -> model.checkShapes(shapes));
        }
    }
}
