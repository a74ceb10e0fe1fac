package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/** Operators in Java, and models that call operators by name. */
@NeedsLibTorch
class OperatorLibraryTest {
    private static final Fixture SCALE_ADD = Fixture.of("custom_scale_add");
    private static final Fixture MUTATES = Fixture.of("custom_mutates");

    private static void assertRight(Fixture fixture, String caseName, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            var outputs = model.run(arena, fixture.inputs(caseName, model, arena));
            Golden.assertMatches(fixture.outputs(caseName, arena), outputs);
        }
    }

    private static <T extends Throwable> T assertRunThrows(
            Class<T> type, Fixture fixture, String caseName, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = fixture.inputs(caseName, model, arena);
            return assertThrows(type, () -> model.run(arena, inputs));
        }
    }

    @Test
    void refusesAModelWhoseOperatorIsNotThere() {
        String message =
                assertThrows(IncompatibleModelException.class, SCALE_ADD::load).getMessage();
        assertTrue(message.contains("demo::scale_add"), message);
        assertTrue(message.contains("no such operator"), message);
        assertTrue(message.contains("--op-library"), message);
    }

    @Test
    void tellsWhichOperatorsAModelCalls() {
        try (ModelPackage linalg = ModelPackage.open(Fixture.of("proxy_linalg").path())) {
            String details = linalg.requirements("model", ModelOptions.defaults()).toString();
            assertTrue(details.contains("aten::linalg_qr"), details);
        }
    }

    @Test
    void throwsWhatAnOperatorThrewAndRunsOn() {
        var thrown = new AtomicReference<RuntimeException>();
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        if (thrown.get() != null) {
                            throw thrown.get();
                        }
                        return DemoOperators.scaleAdd(call);
                    });
            try (Model model = SCALE_ADD.load()) {
                for (int i = 0; i < 3; i++) {
                    assertRight(SCALE_ADD, "rows7", model);
                    thrown.set(new ArithmeticException("of ours"));
                    assertSame(
                            thrown.get(),
                            assertRunThrows(RuntimeException.class, SCALE_ADD, "rows7", model));
                    thrown.set(null);
                }
                assertRight(SCALE_ADD, "rows2", model);
            }
        }
    }

    @Test
    void runnersThrowWhatAnOperatorThrewAndRunOn() {
        var thrown = new AtomicReference<RuntimeException>();
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        if (thrown.get() != null) {
                            throw thrown.get();
                        }
                        return DemoOperators.scaleAdd(call);
                    });
            try (Model model = SCALE_ADD.load();
                    Arena arena = Arena.ofConfined();
                    Runner runner =
                            model.newRunner(
                                    SCALE_ADD
                                            .inputs("rows7", model, arena)
                                            .toArray(Tensor[]::new))) {
                thrown.set(new ArithmeticException("of ours"));
                assertSame(thrown.get(), assertThrows(RuntimeException.class, runner::run));
                assertThrows(IllegalStateException.class, () -> runner.output(0));
                thrown.set(null);
                runner.run();
                Golden.assertMatches(
                        SCALE_ADD.outputs("rows7", arena),
                        List.of(runner.output(0), runner.output(1)));
            }
        }
    }

    @Test
    void throwsErrorsAsTheyAre() {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(DemoOperators.SCALE_ADD, OperatorLibraryTest::recurse);
            try (Model model = SCALE_ADD.load()) {
                assertRunThrows(StackOverflowError.class, SCALE_ADD, "rows2", model);
            }
        }
    }

    @SuppressWarnings("InfiniteRecursion") // the point of it
    private static Object recurse(OperatorCall call) {
        return recurse(call);
    }

    @Test
    void throwsWhatAnOperatorWithoutResultsThrew() {
        var failing = new AtomicReference<Error>(new AssertionError("of ours"));
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    "demo::accumulate(Tensor(a!) total, Tensor x) -> ()",
                    _ -> {
                        throw failing.get();
                    });
            try (Model model = MUTATES.load()) {
                // The model itself does not notice.
                assertSame(
                        failing.get(),
                        assertRunThrows(AssertionError.class, MUTATES, "ramp", model));
            }
        }
    }

    @Test
    void writesIntoABufferOnEachRun() {
        try (OperatorLibrary _ = DemoOperators.open();
                Model model = MUTATES.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = MUTATES.inputs("ramp", model, arena);
            for (String run : List.of("ramp", "ramp.run2", "ramp.run3")) {
                Golden.assertMatches(MUTATES.outputs(run, arena), model.run(arena, inputs));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "seven, returned String where its schema states Tensor",
        ", returned null where its schema states Tensor"
    })
    void refusesAResultOfAnotherType(String result, String problem) {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(DemoOperators.SCALE_ADD, _ -> result);
            try (Model model = SCALE_ADD.load()) {
                String message =
                        assertRunThrows(OperatorException.class, SCALE_ADD, "rows2", model)
                                .getMessage();
                assertTrue(message.contains("demo::scale_add"), message);
                assertTrue(message.contains(problem), message);
            }
        }
    }

    @Test
    void copiesAnArgumentThatIsReturned() {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(DemoOperators.SCALE_ADD, call -> call.tensor("x"));
            try (Model model = SCALE_ADD.load();
                    Arena arena = Arena.ofConfined()) {
                Tensor x = SCALE_ADD.inputs("rows2", model, arena).getFirst();
                float[] before = x.toFloatArray();
                // x, and then x + 1 of the first; 2 x of the second.
                float[] y = model.run(arena, x).get(1).toFloatArray();
                for (int i = 0; i < y.length; i++) {
                    assertEquals(before[i] * 2, y[i], 1e-6f);
                }
            }
        }
    }

    /** 0 to 83. */
    private static final float[] COUNTED = new float[84];

    static {
        for (int i = 0; i < COUNTED.length; i++) {
            COUNTED[i] = i;
        }
    }

    @Test
    void readsAResultAsWhatItIsInEachRun() {
        var result = new AtomicReference<Tensor>();
        try (OperatorLibrary operators = OperatorLibrary.create();
                Arena arena = Arena.ofConfined()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call ->
                            // The second call has a bias, and the model returns what it gives.
                            call.tensor("bias") == null
                                    ? DemoOperators.scaleAdd(call)
                                    : result.get());
            try (Model model = SCALE_ADD.load()) {
                var inputs = SCALE_ADD.inputs("rows7", model, arena).toArray(Tensor[]::new);
                try (Runner runner = model.newRunner(inputs)) {
                    for (Tensor given :
                            List.of(
                                    Tensor.zeros(arena, DType.FLOAT64, 7, 12),
                                    Tensor.of(arena, new float[84], 7, 12),
                                    Tensor.of(arena, COUNTED, 7, 12).copyWithStrides(arena, 1, 7),
                                    Tensor.of(arena, COUNTED, 7, 12),
                                    Tensor.zeros(arena, DType.INT32, 7, 12))) {
                        result.set(given);
                        Golden.assertMatches("model", given, model.run(arena, inputs).getLast());
                        runner.run();
                        Golden.assertMatches("runner", given, runner.output(1));
                        byte[] copy = new byte[1000];
                        byte[] expected = given.toByteArray();
                        assertEquals(
                                expected.length, runner.copyOutput(1, MemorySegment.ofArray(copy)));
                        assertArrayEquals(expected, Arrays.copyOf(copy, expected.length));
                    }
                }
            }
        }
    }

    @Test
    void closesAnArgumentWithItsCall() {
        var kept = new AtomicReference<Tensor>();
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        kept.set(call.tensor("x"));
                        return DemoOperators.scaleAdd(call);
                    });
            try (Model model = SCALE_ADD.load()) {
                assertRight(SCALE_ADD, "rows2", model);
                assertThrows(IllegalStateException.class, () -> kept.get().toFloatArray());
            }
        }
    }

    @Test
    void refusesWhatTheSchemaDoesNotHave() {
        var asked = new ArrayList<String>();
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        List<Runnable> wrong =
                                List.of(
                                        () -> call.tensor("y"),
                                        () -> call.tensor("scale"),
                                        () -> call.integer("scale"),
                                        () -> call.strings("shifts"),
                                        () -> call.integer("bias"));
                        for (Runnable question : wrong) {
                            asked.add(
                                    assertThrows(OperatorException.class, question::run)
                                            .getMessage());
                        }
                        return DemoOperators.scaleAdd(call);
                    });
            try (Model model = SCALE_ADD.load()) {
                assertRight(SCALE_ADD, "rows2", model);
            }
        }
        assertTrue(asked.get(0).endsWith("has no argument y"), asked.get(0));
        assertTrue(asked.get(1).endsWith("argument scale is no Tensor"), asked.get(1));
        assertTrue(asked.get(2).endsWith("argument scale is no Long"), asked.get(2));
        assertTrue(asked.get(3).endsWith("argument shifts is no list of String"), asked.get(3));
        assertTrue(asked.get(4).contains("bias is left out"), asked.get(4));
    }

    @Test
    void failsRunsWhileAnOperatorIsTakenBack() {
        OperatorLibrary first = DemoOperators.open();
        try (Model model = SCALE_ADD.load()) {
            assertRight(SCALE_ADD, "rows2", model);
            first.close();
            first.close();
            String message =
                    assertRunThrows(OperatorException.class, SCALE_ADD, "rows2", model)
                            .getMessage();
            assertTrue(message.contains("demo::scale_add has been removed"), message);
            try (OperatorLibrary _ = DemoOperators.open()) {
                assertRight(SCALE_ADD, "rows2", model);
            }
        }
    }

    @Test
    void keepsTheSchemaThatALoadedModelCalls() {
        String other = DemoOperators.SCALE_ADD.replace("float scale", "int scale");
        OperatorLibrary first = DemoOperators.open();
        try (Model _ = SCALE_ADD.load()) {
            first.close();
            try (OperatorLibrary second = OperatorLibrary.create()) {
                String message =
                        assertThrows(
                                        OperatorException.class,
                                        () -> second.register(other, DemoOperators::scaleAdd))
                                .getMessage();
                assertTrue(message.contains("models that call it are loaded"), message);
            }
        }
        try (OperatorLibrary third = OperatorLibrary.create()) {
            third.register(other, DemoOperators::scaleAdd);
            String message =
                    assertThrows(IncompatibleModelException.class, SCALE_ADD::load).getMessage();
            assertTrue(message.contains("argument scale of type int (as_float)"), message);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "scale(Tensor x) -> Tensor",
                "demo::scale(Tensor x) -> ",
                "demo::scale(Tensor x -> Tensor",
                "demo::scale(Tensor) -> Tensor",
                "demo::scale(Tensor x, Tensor x) -> Tensor",
                "demo::scale(Tensor x, int by=1.5) -> Tensor",
                "demo::scale(Tensor x, Tensor y=1) -> Tensor",
                "demo::scale(Tensor x) -> Tensor and more",
                "demo::scale(Tensor x, str s=\"unending) -> Tensor",
                "demo::scale(Tensor(a! x) -> Tensor",
                "de mo::scale(Tensor x) -> Tensor",
                "demo::scale.(Tensor x) -> Tensor",
                "demo::scale(Tensor[-1] x) -> Tensor",
            })
    void refusesMalformedSchemas(String schema) {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            String message =
                    assertThrows(
                                    OperatorException.class,
                                    () -> operators.register(schema, _ -> null))
                            .getMessage();
            assertTrue(message.contains("\"" + schema + "\" cannot be read"), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Generator?", "Generator[]", "Dict(str, int)", "Any", "Unheard"})
    void refusesTypesThatCannotBePassed(String type) {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            String schema = "demo::takes(" + type + " x) -> Tensor";
            String message =
                    assertThrows(
                                    OperatorException.class,
                                    () -> operators.register(schema, _ -> null))
                            .getMessage();
            assertTrue(message.contains("argument x of operator demo::takes"), message);
            assertTrue(message.contains(type), message);
        }
    }

    @Test
    void refusesAnOperatorThatIsThere() {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register("demo::once(Tensor x) -> Tensor", call -> call.tensor("x"));
            for (String schema :
                    List.of(
                            "demo::once(int x) -> int",
                            "aten::relu(Tensor self) -> Tensor",
                            "aten::add.Tensor(Tensor self) -> Tensor")) {
                String message =
                        assertThrows(
                                        OperatorException.class,
                                        () -> operators.register(schema, _ -> null))
                                .getMessage();
                assertTrue(message.contains("exists already"), message);
                boolean ours = schema.startsWith("demo");
                // libtorch keeps the pointer to it for as long as the operator is there.
                assertTrue(!ours || message.contains("registered at Java:"), message);
            }
            // Another overload is another operator.
            operators.register("demo::once.again(Tensor x) -> Tensor", call -> call.tensor("x"));
        }
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register("demo::once(int x) -> int", call -> call.integer("x"));
        }
    }

    @Test
    void refusesToRegisterWhenClosed() {
        OperatorLibrary operators = OperatorLibrary.create();
        operators.close();
        assertThrows(
                IllegalStateException.class,
                () -> operators.register("demo::late(Tensor x) -> Tensor", _ -> null));
    }

    @Test
    void runsAnotherModelWithinAnOperator() {
        Fixture inner = Fixture.of("custom_defaults");
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            var model = new AtomicReference<Model>();
            var failing = new AtomicReference<RuntimeException>();
            operators.register(
                    "demo::shift(Tensor x, *, int by=3, SymInt[2] twice=[4, 5], float scale=0.5,"
                            + " bool up=True) -> Tensor",
                    call -> {
                        if (failing.get() != null) {
                            throw failing.get();
                        }
                        return DemoOperators.shift(call);
                    });
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        assertRight(inner, "random", model.get());
                        failing.set(new ArithmeticException("inner"));
                        // What the inner model failed with is its own.
                        assertSame(
                                failing.get(),
                                assertRunThrows(
                                        ArithmeticException.class, inner, "random", model.get()));
                        failing.set(null);
                        return DemoOperators.scaleAdd(call);
                    });
            try (Model outer = SCALE_ADD.load();
                    Model loaded = inner.load()) {
                model.set(loaded);
                assertRight(SCALE_ADD, "rows7", outer);
            }
        }
    }

    @Test
    void serveManyThreads() throws Exception {
        var odd = new ArithmeticException("odd");
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        float first = call.tensor("x").segment().get(ValueLayout.JAVA_FLOAT, 0);
                        if (Float.isNaN(first)) {
                            throw odd;
                        }
                        return DemoOperators.scaleAdd(call);
                    });
            ModelOptions options = ModelOptions.defaults().runners(3);
            try (Model model = Model.load(SCALE_ADD.path(), options);
                    var threads = Executors.newFixedThreadPool(6)) {
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int i = 0; i < 600; i++) {
                    boolean fails = i % 3 == 0;
                    tasks.add(() -> runOnce(model, fails, odd));
                }
                for (var task : threads.invokeAll(tasks)) {
                    task.get();
                }
            }
        }
    }

    private static Void runOnce(Model model, boolean fails, RuntimeException expected) {
        if (!fails) {
            assertRight(SCALE_ADD, "rows2", model);
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            float[] bad = new float[24];
            Arrays.fill(bad, Float.NaN);
            Tensor input = Tensor.of(arena, bad, 2, 12);
            assertSame(
                    expected, assertThrows(RuntimeException.class, () -> model.run(arena, input)));
        }
        return null;
    }

    @Test
    void throwsWhatAnOperatorOfPyTorchSays() {
        Fixture counts = Fixture.of("proxy_counts");
        try (Model model = counts.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = new ArrayList<>(counts.inputs("to5", model, arena));
            long[] negative = new long[Math.toIntExact(inputs.getFirst().elementCount())];
            negative[3] = -1;
            Tensor bad = Tensor.of(arena, negative, inputs.getFirst().shape());
            NativeException thrown =
                    assertThrows(NativeException.class, () -> model.run(arena, bad, inputs.get(1)));
            assertEquals("aten::bincount", thrown.function());
            assertRight(counts, "to5", model);
        }
    }

    @Test
    void refusesSizesThatCannotBe() {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.SCALE_ADD, call -> call.empty(call.tensor("x").dtype(), -1));
            try (Model model = SCALE_ADD.load()) {
                assertRunThrows(InvalidInputException.class, SCALE_ADD, "rows2", model);
            }
        }
    }
}
