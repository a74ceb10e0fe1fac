package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Operators in Java that return something else than the model was compiled for. */
@NeedsLibTorch
class OperatorResultsTest {
    private static final Fixture SCALE_ADD = Fixture.of("custom_scale_add");
    private static final Fixture LISTS = Fixture.of("custom_lists");
    private static final Fixture INT = Fixture.of("custom_int");
    private static final Fixture RESULTS = Fixture.of("custom_results");

    /** What becomes of the right results; null for the right results. */
    private final AtomicReference<OperatorFunction> instead = new AtomicReference<>();

    private OperatorLibrary operators;

    @AfterEach
    void takeBack() {
        operators.close();
    }

    /** Registers all operators, of which some do what {@link #instead} says. */
    private void register(String... replaced) {
        operators = OperatorLibrary.create();
        DemoOperators.all()
                .forEach(
                        (schema, right) ->
                                operators.register(
                                        schema,
                                        call -> {
                                            OperatorFunction wrong = instead.get();
                                            boolean isReplaced =
                                                    Stream.of(replaced)
                                                            .anyMatch(
                                                                    n ->
                                                                            schema.startsWith(
                                                                                    "demo::" + n
                                                                                            + "("));
                                            return wrong != null && isReplaced
                                                    ? wrong.apply(call)
                                                    : right.apply(call);
                                        }));
    }

    private String refused(Fixture fixture, String caseName, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = fixture.inputs(caseName, model, arena);
            return assertThrows(OperatorException.class, () -> model.run(arena, inputs))
                    .getMessage();
        }
    }

    private static void assertRight(Fixture fixture, String caseName, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Golden.assertMatches(
                    fixture.outputs(caseName, arena),
                    model.run(arena, fixture.inputs(caseName, model, arena)));
        }
    }

    private static Tensor zeros(OperatorCall call, DType dtype, long... shape) {
        Tensor tensor = call.empty(dtype, shape);
        tensor.segment().fill((byte) 0);
        return tensor;
    }

    private static long[] shape(String text) {
        return text == null
                ? new long[0]
                : Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 7x11",
        "FLOAT32, 7x13",
        "FLOAT32, 6x12",
        "FLOAT32, 8x12",
        "FLOAT32, 12x7",
        "FLOAT32, 84",
        "FLOAT32, 1x7x12",
        "FLOAT32, 0x12",
        "FLOAT32, 7x0",
        "FLOAT32,",
        "FLOAT32, 7x1",
        "FLOAT32, 70000x1200",
        "FLOAT64, 7x12",
        "INT8, 7x12",
        "BOOL, 7x12",
        "INT32, 7x12",
        "COMPLEX64, 7x12",
        "BFLOAT16, 7x12",
    })
    void refusesAnotherShapeOrType(DType dtype, String shape) {
        register("scale_add");
        long[] sizes = shape(shape);
        try (Model model = SCALE_ADD.load()) {
            instead.set(call -> zeros(call, dtype, sizes));
            String message = refused(SCALE_ADD, "rows7", model);
            String actual = dtype.torchName() + " " + Arrays.toString(sizes);
            assertTrue(
                    message.startsWith(
                            "result 0 of operator demo::scale_add is "
                                    + actual
                                    + ", but the model was compiled for float32 [7, 12]"),
                    message);
            // Not from memory of libtorch's.
            instead.set(call -> Tensor.zeros(call.arena(), dtype, sizes));
            assertEquals(message, refused(SCALE_ADD, "rows7", model));
            instead.set(null);
            assertRight(SCALE_ADD, "rows7", model);
            assertRight(SCALE_ADD, "rows2", model);
        }
    }

    @Test
    void refusesAnotherShapeOfWhatTheModelReturns() {
        register("scale_add");
        try (Model model = SCALE_ADD.load()) {
            // Of the first call the result is read by a kernel, of the second returned.
            instead.set(
                    call ->
                            call.tensor("bias") == null
                                    ? DemoOperators.scaleAdd(call)
                                    : zeros(call, DType.FLOAT32, 7, 11));
            String message = refused(SCALE_ADD, "rows7", model);
            assertTrue(message.contains("is float32 [7, 11]"), message);
        }
    }

    @Test
    void refusesInARunnerToo() {
        register("scale_add");
        try (Model model = SCALE_ADD.load();
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                SCALE_ADD.inputs("rows7", model, arena).toArray(Tensor[]::new))) {
            for (int i = 0; i < 3; i++) {
                instead.set(call -> zeros(call, DType.FLOAT32, 2, 12));
                assertThrows(OperatorException.class, runner::run);
                instead.set(null);
                runner.run();
                Golden.assertMatches(
                        SCALE_ADD.outputs("rows7", arena),
                        List.of(runner.output(0), runner.output(1)));
                runner.bind(0, SCALE_ADD.inputs("rows2", model, arena).getFirst());
                runner.run();
                Golden.assertMatches(
                        SCALE_ADD.outputs("rows2", arena),
                        List.of(runner.output(0), runner.output(1)));
                runner.bind(0, SCALE_ADD.inputs("rows7", model, arena).getFirst());
            }
        }
    }

    @Test
    void copiesWhatHasOtherStrides() {
        register("scale_add", "turned", "twice");
        try (Model model = SCALE_ADD.load();
                Model results = RESULTS.load()) {
            List<UnaryOperator<long[]>> layouts =
                    List.of(
                            shape -> new long[] {1, shape[0]},
                            shape -> new long[] {2 * shape[1], 2},
                            shape -> new long[] {shape[1], 1},
                            shape -> new long[] {3, 3 * shape[0]});
            for (UnaryOperator<long[]> layout : layouts) {
                instead.set(
                        call -> {
                            Tensor right =
                                    call.tensor("x").dtype() == DType.FLOAT64
                                                    || call.value("x") == null
                                            ? DemoOperators.twice(call)
                                            : rightOf(call);
                            return right.copyWithStrides(call.arena(), layout.apply(right.shape()));
                        });
                assertRight(SCALE_ADD, "rows7", model);
                assertRight(RESULTS, "rows6", results);
            }
        }
    }

    /** All three take x, and the schemas tell them apart. */
    private static Tensor rightOf(OperatorCall call) {
        try {
            call.value("scale");
        } catch (OperatorException e) {
            return DemoOperators.twice(call);
        }
        return (Tensor) DemoOperators.scaleAdd(call);
    }

    @Test
    void copiesAnElementThatStandsForAll() {
        register("scale_add");
        try (Model model = SCALE_ADD.load();
                Arena arena = Arena.ofConfined()) {
            instead.set(
                    call ->
                            Tensor.wrap(
                                    call.arena()
                                            .allocateFrom(
                                                    java.lang.foreign.ValueLayout.JAVA_FLOAT, 3),
                                    DType.FLOAT32,
                                    new long[] {7, 12},
                                    new long[] {0, 0}));
            List<Tensor> outputs = model.run(arena, SCALE_ADD.inputs("rows7", model, arena));
            // The first is 1 more than the operator's result, written where that was.
            for (float value : outputs.getFirst().toFloatArray()) {
                assertEquals(4, value);
            }
            for (float value : outputs.getLast().toFloatArray()) {
                assertEquals(3, value);
            }
        }
    }

    @Test
    void refusesAWrongElementOfAList() {
        register("split_by");
        try (Model model = LISTS.load()) {
            instead.set(
                    call ->
                            List.of(
                                    zeros(call, DType.FLOAT32, 1, 3),
                                    zeros(call, DType.FLOAT32, 2, 3),
                                    zeros(call, DType.FLOAT32, 2, 3)));
            String message = refused(LISTS, "random", model);
            assertTrue(
                    message.startsWith(
                            "result 0[2] of operator demo::split_by is float32 [2, 3], but the"
                                    + " model was compiled for float32 [3, 3]"),
                    message);
            instead.set(call -> List.of(zeros(call, DType.FLOAT32, 1, 3)));
            message = refused(LISTS, "random", model);
            assertTrue(message.contains("returned a list of 1 tensors"), message);
            instead.set(
                    call -> {
                        Tensor one = zeros(call, DType.FLOAT32, 1, 3);
                        return Arrays.asList(one, null, one);
                    });
            message = refused(LISTS, "random", model);
            assertTrue(message.contains("returned null where its schema states Tensor"), message);
            instead.set(null);
            assertRight(LISTS, "random", model);
        }
    }

    @Test
    void refusesATensorThatIsMissing() {
        register("mix");
        try (Model model = LISTS.load()) {
            instead.set(
                    call ->
                            Arrays.asList(
                                    zeros(
                                            call,
                                            call.dtype("dtype"),
                                            call.tensors("xs").getFirst().shape()),
                                    null));
            String message = refused(LISTS, "random", model);
            assertTrue(message.contains("demo::mix did not return a tensor"), message);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 5, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE})
    void refusesAnotherInteger(long wrong) {
        register("halves");
        try (Model model = INT.load()) {
            instead.set(call -> List.of(zeros(call, DType.FLOAT32, 3, 4), wrong));
            String message = refused(INT, "random", model);
            assertTrue(
                    message.contains("returned " + wrong + ", but the model was compiled for 4"),
                    message);
        }
    }

    @Test
    void takesAsManyRowsAsAnOperatorFinds() {
        register("positive_rows", "twice");
        try (Model model = RESULTS.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = RESULTS.inputs("rows6", model, arena);
            for (long rows : new long[] {0, 1, 5, 1000}) {
                // The operator "twice" gets its rows, which are in no input of the model.
                instead.set(
                        call ->
                                call.tensor("x").dtype() == DType.FLOAT32
                                                && call.tensor("x").size(0) == 6
                                        ? zeros(call, DType.FLOAT32, rows, 4)
                                        : DemoOperators.twice(call));
                Tensor kept = model.run(arena, inputs).getFirst();
                assertEquals(List.of(rows, 4L), List.of(kept.size(0), kept.size(1)));
                for (float value : kept.toFloatArray()) {
                    assertEquals(3, value); // (0 + 1) * 2 + 1
                }
            }
            instead.set(call -> zeros(call, DType.FLOAT32, 3, 5));
            String message = refused(RESULTS, "rows6", model);
            assertTrue(
                    message.startsWith(
                            "result 0 of operator demo::positive_rows is float32 [3, 5], but the"
                                    + " model was compiled for float32 [?, 4]"),
                    message);
        }
    }

    @Test
    void comparesWithSizesThatOnlyTheCallKnows() {
        register("twice");
        try (Model model = RESULTS.load()) {
            instead.set(
                    call -> {
                        Tensor x = call.tensor("x");
                        return zeros(call, x.dtype(), x.size(0) + 1, x.size(1));
                    });
            String message = refused(RESULTS, "rows6", model);
            assertTrue(message.startsWith("result 0 of operator demo::twice is float32"), message);
            instead.set(null);
            assertRight(RESULTS, "rows6", model);
            assertRight(RESULTS, "rows3", model);
        }
    }

    @Test
    void refusesAnotherTypeOfFlags() {
        register("flags");
        try (Model model = RESULTS.load()) {
            for (DType wrong : List.of(DType.UINT8, DType.FLOAT32, DType.INT64)) {
                instead.set(call -> zeros(call, wrong, 6, 4));
                String message = refused(RESULTS, "rows6", model);
                assertTrue(message.contains("but the model was compiled for bool [6, 4]"), message);
            }
        }
    }

    @Test
    void refusesATensorThatIsClosedOrOfAnotherThread() throws Exception {
        register("scale_add");
        Tensor closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = Tensor.of(arena, new float[84], 7, 12);
        }
        Tensor foreign =
                CompletableFuture.supplyAsync(
                                () -> Tensor.of(Arena.ofConfined(), new float[84], 7, 12))
                        .get();
        try (Model model = SCALE_ADD.load()) {
            for (Tensor wrong : List.of(closed, foreign)) {
                instead.set(_ -> wrong);
                String message = refused(SCALE_ADD, "rows7", model);
                assertTrue(
                        message.startsWith(
                                "operator demo::scale_add returned a tensor whose memory cannot be"
                                        + " read"),
                        message);
            }
            var kept = new AtomicReference<Tensor>();
            instead.set(
                    call -> {
                        kept.set(zeros(call, DType.FLOAT32, 7, 12));
                        instead.set(_ -> kept.get());
                        return kept.get();
                    });
            // The second call returns what the first one has handed over.
            String message = refused(SCALE_ADD, "rows7", model);
            assertTrue(message.contains("cannot be read"), message);
            instead.set(null);
            assertRight(SCALE_ADD, "rows7", model);
        }
    }

    @Test
    void givesTheSameTensorTwice() {
        register("split_by");
        try (Model model = LISTS.load();
                Arena arena = Arena.ofConfined()) {
            // Each of the three has memory of its own: the model writes into one of them.
            instead.set(
                    call -> {
                        Tensor three = zeros(call, DType.FLOAT32, 3, 3);
                        Tensor one = zeros(call, DType.FLOAT32, 1, 3);
                        return List.of(one, zeros(call, DType.FLOAT32, 2, 3), three);
                    });
            List<Tensor> outputs = model.run(arena, LISTS.inputs("random", model, arena));
            assertEquals(0, outputs.getFirst().toFloatArray()[0]);
            assertEquals(1, outputs.get(1).toFloatArray()[0]);
        }
    }

    @Test
    void checksRunsWithinRunsByTheirOwnSizes() {
        register("scale_add");
        var depth = new AtomicInteger();
        try (Model model = Model.load(SCALE_ADD.path(), ModelOptions.defaults().runners(2));
                Arena arena = Arena.ofShared()) {
            instead.set(
                    call -> {
                        if (depth.incrementAndGet() == 1) {
                            assertRight(SCALE_ADD, "rows2", model);
                            instead.set(_ -> Tensor.of(arena, new float[84], 7, 12));
                            assertThrows(
                                    OperatorException.class,
                                    () ->
                                            model.run(
                                                    arena,
                                                    SCALE_ADD.inputs("rows2", model, arena)));
                            instead.set(null);
                            assertRight(SCALE_ADD, "rows2", model);
                        }
                        return DemoOperators.scaleAdd(call);
                    });
            assertRight(SCALE_ADD, "rows7", model);
        }
    }

    @Test
    void refusesAModelWhosePackageDoesNotSay(@TempDir Path folder) throws IOException {
        register("scale_add");
        Path package1 = edited(folder.resolve("shape"), "assert_size_stride(buf", "(void)(buf");
        String message =
                assertThrows(IncompatibleModelException.class, () -> Model.load(package1))
                        .getMessage();
        assertTrue(
                message.contains("uses result 0 of demo::scale_add, which is written in Java"),
                message);
        assertTrue(message.contains("does not state the shape that"), message);
        assertTrue(message.contains("ModelOptions.trustOperators"), message);
        try (Model model = Model.load(package1, ModelOptions.defaults().trustOperators(true))) {
            assertRight(SCALE_ADD, "rows7", model);
        }
        Path package2 = edited(folder.resolve("type"), "(const float*)(buf1", "(const odd*)(buf1");
        message =
                assertThrows(IncompatibleModelException.class, () -> Model.load(package2))
                        .getMessage();
        assertTrue(message.contains("does not state the element type that"), message);
        try (Model model = Model.load(package2, ModelOptions.defaults().trustOperators(true))) {
            assertRight(SCALE_ADD, "rows7", model);
            // What is stated is checked all the same.
            instead.set(call -> zeros(call, DType.FLOAT32, 7, 11));
            assertTrue(refused(SCALE_ADD, "rows7", model).contains("[7, 12]"));
        }
        Path package3 = folder.resolve("nothing");
        Unpacked.into(package3, SCALE_ADD.path(), name -> !name.endsWith(".cpp"));
        message =
                assertThrows(IncompatibleModelException.class, () -> Model.load(package3))
                        .getMessage();
        assertTrue(message.contains("does not state the shape and element type that"), message);
    }

    /** A package whose source has been changed. */
    private static Path edited(Path folder, String from, String to) throws IOException {
        Unpacked.into(folder, SCALE_ADD.path());
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".wrapper.cpp")).toList()) {
                String source = Files.readString(file);
                assertTrue(source.contains(from));
                Files.writeString(file, source.replace(from, to));
            }
        }
        return folder;
    }

    @Test
    void anOperatorWritesNoFurtherThanItsArgument() {
        register("scale_add");
        try (Model model = SCALE_ADD.load()) {
            instead.set(
                    call -> {
                        MemorySegment memory = call.tensor("x").segment();
                        assertEquals(7 * 12 * 4, memory.byteSize());
                        memory.set(
                                java.lang.foreign.ValueLayout.JAVA_BYTE,
                                memory.byteSize(),
                                (byte) 1);
                        return null;
                    });
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> inputs = SCALE_ADD.inputs("rows7", model, arena);
                assertThrows(IndexOutOfBoundsException.class, () -> model.run(arena, inputs));
            }
        }
    }
}
