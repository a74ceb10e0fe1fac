package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

@NeedsLibTorch
@OnBothEngines
class ModelTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closeArena() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private Tensor ramp() {
        return ramp(arena);
    }

    private static Tensor ramp(Arena arena) {
        float[] data = new float[80];
        for (int i = 0; i < data.length; i++) {
            data[i] = i;
        }
        return Tensor.of(arena, data, 8, 10);
    }

    @Test
    void tellsWhatItTakesAndReturns() {
        try (Model model = Fixture.of("mlp").load()) {
            assertEquals("model", model.name());
            assertEquals("cpu", model.metadata().get("AOTI_DEVICE_KEY"));
            InputInfo input = model.inputs().getFirst();
            assertEquals(DType.FLOAT32, input.dtype().orElseThrow());
            assertTrue(input.description().endsWith(": 1..1024, 10]"), input::description);
            assertEquals(1, model.outputNames().size());
        }
    }

    @Test
    void leavesInputsAloneAndReturnsFreshMemory() {
        try (Model model = Fixture.of("add_one").load()) {
            Tensor input = ramp();
            Tensor output = model.run(arena, input).getFirst();
            assertEquals(1, output.toFloatArray()[0]);
            assertEquals(0, input.toFloatArray()[0]);
            assertNotEquals(input.segment().address(), output.segment().address());
        }
    }

    @Test
    void showsWhatTheModelWroteIntoItsInput() {
        try (Model model = Fixture.of("mutates_input").load()) {
            Tensor input = Tensor.of(arena, new float[12], 3, 4);
            float sum = model.run(arena, input).getFirst().toFloatArray()[0];
            assertEquals(12, sum);
            assertEquals(1, input.toFloatArray()[11]);
        }
    }

    @Test
    void returnsViewsOfInputsAsViews() {
        try (Model model = Fixture.of("identity").load()) {
            Tensor input = Tensor.of(arena, new float[12], 3, 4);
            List<Tensor> outputs = model.run(arena, input);
            assertEquals(input.segment().address(), outputs.getFirst().segment().address());
            input.segment().set(ValueLayout.JAVA_FLOAT, 44, 42);
            assertEquals(42, outputs.get(0).toFloatArray()[11]);
            assertEquals(42, outputs.get(1).toFloatArray()[11]);
        }
    }

    @Test
    void letsViewsOfInputsLiveAsLongAsTheInput() {
        try (Model model = Fixture.of("identity").load()) {
            Arena inputArena = Arena.ofShared();
            Tensor input = Tensor.of(inputArena, new float[12], 3, 4);
            Tensor view;
            try (Arena outputArena = Arena.ofConfined()) {
                view = model.run(outputArena, input).getFirst();
            }
            assertEquals(0, view.toFloatArray()[0]);
            inputArena.close();
            assertThrows(IllegalStateException.class, view::toFloatArray);
        }
    }

    @Test
    void letsOutputsThatAreWeightsOutliveTheModel() {
        Model model = Fixture.of("returns_constant").load();
        Tensor input = Tensor.zeros(arena, DType.FLOAT32, 8, 3);
        List<Tensor> outputs = model.run(arena, input);
        float[] before = outputs.get(1).toFloatArray();
        model.close();
        assertArrayEquals(before, outputs.get(1).toFloatArray());
        assertThrows(IllegalStateException.class, () -> model.run(arena, input));
    }

    @Test
    void takesAndReturnsEveryElementType() {
        try (Model model = Fixture.of("dtypes_complex").load()) {
            Tensor halves = Tensor.zeros(arena, DType.COMPLEX32, 4);
            halves.segment().set(ValueLayout.JAVA_SHORT, 0, Float.floatToFloat16(1.5f));
            Tensor doubles = Tensor.zeros(arena, DType.COMPLEX128, 4);
            doubles.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, 1, 2.5);
            List<Tensor> outputs = model.run(arena, halves, doubles);
            // The first element moves to the end.
            assertEquals(DType.COMPLEX32, outputs.getFirst().dtype());
            assertArrayEquals(
                    new float[] {0, 0, 0, 0, 0, 0, 1.5f, 0}, outputs.getFirst().toFloatArray());
            assertArrayEquals(
                    new double[] {0, 0, 0, 0, 0, 0, 0, 2.5}, outputs.get(1).toDoubleArray());
        }
    }

    @Test
    void keepsStridesOfOutputs() {
        Fixture fixture = Fixture.of("channels_last");
        try (Model model = fixture.load()) {
            List<Tensor> inputs = fixture.inputs("random", model, arena);
            assertArrayEquals(new long[] {192, 1, 24, 3}, inputs.getFirst().strides());
            Tensor output = model.run(arena, inputs).getFirst();
            assertFalse(output.isContiguous());
        }
    }

    @Test
    void refusesAnotherNumberOfInputs() {
        try (Model model = Fixture.of("add_one").load()) {
            var none = assertThrows(InvalidInputException.class, () -> model.run(arena));
            assertTrue(
                    none.getMessage().startsWith("model model takes 1 input, but 0 were given"),
                    none::getMessage);
            assertThrows(InvalidInputException.class, () -> model.run(arena, ramp(), ramp()));
        }
    }

    @Test
    void refusesInputsThatDoNotFit() {
        try (Model model = Fixture.of("mlp").load()) {
            refuses(
                    model,
                    Tensor.zeros(arena, DType.FLOAT64, 8, 10),
                    "must be float32, but is float64");
            refuses(model, Tensor.zeros(arena, DType.FLOAT32, 80), "dimensions");
            refuses(model, Tensor.zeros(arena, DType.FLOAT32, 8, 10, 1), "dimensions");
            refuses(model, Tensor.zeros(arena, DType.FLOAT32, 8, 11), "dimension 1 must be 10");
            refuses(model, Tensor.zeros(arena, DType.FLOAT32, 1025, 10), "1024");
            refuses(model, Tensor.zeros(arena, DType.FLOAT32, 0, 10), "at least 1");
            Tensor columns = Tensor.zeros(arena, DType.FLOAT32, 8, 10).copyWithStrides(arena, 1, 8);
            refuses(model, columns, "stride");
        }
    }

    @Test
    void refusesSizesThatDisagreeBetweenInputs() {
        Fixture fixture = Fixture.of("shared_batch");
        try (Model model = fixture.load()) {
            List<Tensor> inputs = new ArrayList<>(fixture.inputs("batch5", model, arena));
            inputs.set(1, Tensor.zeros(arena, DType.FLOAT32, 6, 3));
            var e = assertThrows(InvalidInputException.class, () -> model.run(arena, inputs));
            assertTrue(e.getMessage().contains("input 1"), e::getMessage);
        }
    }

    private void refuses(Model model, Tensor input, String reason) {
        var e = assertThrows(InvalidInputException.class, () -> model.run(arena, input));
        assertTrue(
                e.getMessage()
                        .startsWith("input 0 args[0] (" + model.inputs().getFirst().name() + ")"),
                e::getMessage);
        assertTrue(e.getMessage().contains(reason), e::getMessage);
    }

    @Test
    void refusesReadOnlyMemory() {
        try (Model model = Fixture.of("add_one").load()) {
            MemorySegment readOnly = ramp().segment().asReadOnly();
            Tensor input = Tensor.wrap(readOnly, DType.FLOAT32, 8, 10);
            var e = assertThrows(InvalidInputException.class, () -> model.run(arena, input));
            assertTrue(e.getMessage().contains("read-only"), e::getMessage);
        }
    }

    @Test
    void namesNullArguments() {
        try (Model model = Fixture.of("add_one").load()) {
            assertThrows(NullPointerException.class, () -> model.run(null, ramp()));
            assertThrows(NullPointerException.class, () -> model.run(arena, (List<Tensor>) null));
            var e =
                    assertThrows(
                            NullPointerException.class,
                            () -> model.run(arena, new Tensor[] {null}));
            assertTrue(e.getMessage().startsWith("input 0"), e::getMessage);
        }
    }

    @Test
    void refusesClosedArenas() {
        try (Model model = Fixture.of("add_one").load()) {
            Arena closed = Arena.ofConfined();
            Tensor dead = ramp(closed);
            closed.close();
            assertThrows(IllegalStateException.class, () -> model.run(arena, dead));
            assertThrows(IllegalStateException.class, () -> model.run(closed, ramp()));
            assertEquals(1, model.run(arena, ramp()).getFirst().toFloatArray()[0]);
        }
    }

    @Test
    void refusesAnotherThreadsConfinedMemory() throws Exception {
        try (Model model = Fixture.of("add_one").load();
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            Tensor mine = ramp();
            Callable<Object> use =
                    () -> {
                        try (Arena own = Arena.ofConfined()) {
                            return assertThrows(
                                    WrongThreadException.class, () -> model.run(own, mine));
                        }
                    };
            other.submit(use).get();
        }
    }

    @Test
    void refusesToRunOnceClosed() {
        Model model = Fixture.of("add_one").load();
        model.close();
        model.close();
        assertTrue(model.isClosed());
        var e = assertThrows(IllegalStateException.class, () -> model.run(arena, ramp()));
        assertEquals("model model is closed", e.getMessage());
    }

    @Test
    void turnsFailuresOfTheModelIntoExceptionsAndRunsOn() {
        // Checked before the run, the index would not reach the model.
        var unchecked = ModelOptions.defaults().checkIndices(false);
        try (Model model = Model.load(Fixture.of("embedding").path(), unchecked)) {
            Tensor bad = Tensor.of(arena, new long[] {3, 10}, 2);
            for (int i = 0; i < 100; i++) {
                var e = assertThrows(NativeException.class, () -> model.run(arena, bad));
                assertTrue(e.nativeMessage().contains("index out of bounds"), e::getMessage);
            }
            Tensor good = Tensor.of(arena, new long[] {3, 9}, 2);
            assertArrayEquals(new long[] {2, 4}, model.run(arena, good).getFirst().shape());
        }
    }

    @Test
    void runsFromManyThreadsAtOnce() throws Exception {
        for (int runners : new int[] {1, 2, 4}) {
            try (Model model =
                            Model.load(
                                    Fixture.of("add_one").path(),
                                    ModelOptions.defaults().runners(runners));
                    ExecutorService pool = Executors.newFixedThreadPool(4)) {
                List<Future<Object>> results = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    int thread = t;
                    results.add(pool.submit(() -> addOneRepeatedly(model, thread)));
                }
                for (Future<Object> result : results) {
                    result.get();
                }
            }
        }
    }

    private static Object addOneRepeatedly(Model model, int thread) {
        for (int i = 0; i < 2_000; i++) {
            try (Arena own = Arena.ofConfined()) {
                Tensor input = Tensor.zeros(own, DType.FLOAT32, 8, 10);
                float value = thread * 10_000 + i;
                input.segment().setAtIndex(ValueLayout.JAVA_FLOAT, 79, value);
                float[] answer = model.run(own, input).getFirst().toFloatArray();
                assertEquals(value + 1, answer[79]);
                assertEquals(1, answer[0]);
            }
        }
        return true;
    }

    @Test
    void runsFromVirtualThreads() throws Exception {
        try (Model model = Fixture.of("add_one").load();
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Object>> results = new ArrayList<>();
            for (int t = 0; t < 20; t++) {
                int thread = t;
                results.add(pool.submit(() -> addOneRepeatedly(model, thread)));
            }
            for (Future<Object> result : results) {
                result.get();
            }
        }
    }

    @Test
    void takesInputsFromManyArenas() {
        // One more than go through a constant method handle, and each in a shared arena of its own.
        Fixture fixture = Fixture.of("dtypes");
        try (Model model = fixture.load()) {
            List<Arena> arenas = new ArrayList<>();
            List<Tensor> inputs = new ArrayList<>();
            for (Tensor tensor : fixture.inputs("ends", model, arena)) {
                Arena own = Arena.ofShared();
                arenas.add(own);
                inputs.add(tensor.copy(own));
            }
            Golden.assertMatches(fixture.outputs("ends", arena), model.run(arena, inputs));
            arenas.forEach(Arena::close);
            assertThrows(IllegalStateException.class, () -> model.run(arena, inputs));
        }
    }

    @Test
    void loadsTheSamePackageTwice() {
        Model first = Fixture.of("add_one").load();
        try (Model second = Fixture.of("add_one").load()) {
            first.close();
            assertEquals(1, second.run(arena, ramp()).getFirst().toFloatArray()[0]);
        }
    }

    @Test
    void unloadsLibrariesThatNoModelAndNoThreadUses() throws Exception {
        byte[] bytes = Files.readAllBytes(Fixture.of("add_one").path());
        ModelOptions options = ModelOptions.defaults();
        long before = loadedFromMemory();
        Thread.ofPlatform()
                .start(
                        () -> {
                            for (int i = 0; i < 3; i++) {
                                try (Model one = Model.load(MemorySegment.ofArray(bytes), options);
                                        Arena outputs = Arena.ofConfined()) {
                                    one.run(outputs, ramp(outputs));
                                }
                            }
                        })
                .join();
        // What the thread had of it has kept it until here, but not three times.
        assertTrue(loadedFromMemory() <= before + 1);
        byte[] another = Files.readAllBytes(Fixture.of("mlp").path());
        // The system destroys what a thread has shortly after Java has seen it end.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (loadedBesides(another) > before && System.nanoTime() < deadline) {
            Thread.sleep(1);
        }
        assertTrue(loadedBesides(another) <= before);
    }

    /** How many libraries are loaded from memory once this package is, without it. */
    private static long loadedBesides(byte[] bytes) throws IOException {
        try (Model other = Model.load(MemorySegment.ofArray(bytes), ModelOptions.defaults())) {
            assertEquals("model", other.name());
            return loadedFromMemory() - 1;
        }
    }

    /** How many libraries are loaded from memory; each has one segment with code. */
    private static long loadedFromMemory() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains(" r-xp ") && line.contains("/memfd:")).count();
        }
    }
}
