package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Calls with nested arguments, compared with what PyTorch's own loader returned. */
@NeedsLibTorch
@OnBothEngines
class CallTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closeArena() {
        arena.close();
    }

    private Tensor ramp(float start) {
        return Tensor.of(arena, new float[] {start, start + 1}, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "call_structures, ramps",
        "call_constants, ramps",
        "call_weighted, ramps",
        "call_point, ramps",
        "call_no_args, none"
    })
    void returnsWhatPyTorchReturns(String fixture, String caseName) {
        RecordedCall recorded = RecordedCall.read(Fixture.of(fixture), caseName, arena);
        try (Model model = Fixture.of(fixture).load()) {
            Object outputs = model.call(arena, recorded.arguments());
            Golden.assertSameStructure("output", recorded.outputs(), outputs);
        }
    }

    @Test
    void describesTheCall() {
        try (Model model = Fixture.of("call_structures").load()) {
            assertEquals(
                    "forward((Tensor, Tensor), {\"b\": Tensor, \"a\": Tensor}, OrderedDict({\"z\":"
                            + " Tensor, \"a\": Tensor}), defaultdict({\"q\": Tensor}),"
                            + " deque([Tensor, Tensor]), fixtures.Point(Tensor, Tensor),"
                            + " fixtures.Box(low: Tensor, high: Tensor, label: None), ((), [], {}),"
                            + " *, opts: {\"k\": [Tensor, {\"deep\": (Tensor,)}], 3: Tensor},"
                            + " named: fixtures.Named(z: Tensor, a: Tensor)) -> {\"pair\": (Tensor,"
                            + " Tensor), \"list\": [Tensor, [Tensor]], 7: deque([Tensor]),"
                            + " \"point\": fixtures.Point(Tensor, Tensor), \"box\":"
                            + " fixtures.Box(low: Tensor, high: Tensor, label: None), \"named\":"
                            + " fixtures.Named(z: Tensor, a: Tensor), \"ordered\":"
                            + " OrderedDict({\"z\": Tensor, \"a\": Tensor}), \"empty\": ((), [],"
                            + " {})}",
                    model.callSpec().describe());
            assertSame(model.callSpec(), model.callSpec());
        }
        try (Model model = Fixture.of("call_constants").load()) {
            assertEquals(
                    "forward(Tensor, constant, Tensor, constant, *, z: Tensor, flag: constant,"
                            + " none: constant) -> (Tensor, Tensor, {\"none\": Tensor, \"z\":"
                            + " Tensor})",
                    model.callSpec().describe());
        }
        try (Model model = Fixture.of("call_no_args").load()) {
            assertEquals("forward() -> Tensor", model.callSpec().describe());
        }
    }

    @Test
    void namesInputsAndOutputs() {
        try (Model model = Fixture.of("kwargs").load()) {
            assertEquals(
                    List.of(
                            "args[0]",
                            "args[1][0]",
                            "args[1][1]",
                            "kwargs.scale",
                            "kwargs.named[\"zeta\"]",
                            "kwargs.named[\"alpha\"]"),
                    model.callSpec().inputPaths());
            assertEquals(
                    List.of("output[\"product\"]", "output[\"rest\"]"),
                    model.callSpec().outputPaths());
            assertEquals("kwargs.scale", model.callSpec().kwargs().entries().get("scale").path());
        }
    }

    @Test
    void showsTheStructure() {
        try (Model model = Fixture.of("call_point").load()) {
            CallSpec spec = model.callSpec();
            var box = assertInstanceOf(Structure.Fields.class, spec.args().elements().getFirst());
            assertEquals("fixtures.Box", box.type());
            assertEquals(List.of("label"), box.absent());
            assertEquals(
                    Map.of(
                            "low", new Structure.TensorLeaf("args[0].low", 0),
                            "high", new Structure.TensorLeaf("args[0].high", 1)),
                    box.fields());
            assertTrue(spec.kwargs().entries().isEmpty());
            var point = assertInstanceOf(Structure.NamedTuple.class, spec.outputs());
            assertEquals("fixtures.Point", point.type());
            assertEquals(new Structure.TensorLeaf("output[1]", 1), point.elements().getLast());
        }
    }

    record Point(Tensor x, Tensor y) {}

    record Box(Tensor low, Tensor high) {}

    record Named(Tensor z, Tensor a) {}

    record Opts(Tensor zeta, Tensor alpha) {}

    record Keywords(Opts named, float scale) {}

    @Test
    void takesAndReturnsRecords() {
        try (Model model = Fixture.of("call_point").load()) {
            Box box = new Box(ramp(1), ramp(5));
            Point point = model.call(arena, Arguments.of(box), Point.class);
            assertArrayEquals(new float[] {6, 8}, point.x().toFloatArray());
            assertArrayEquals(new float[] {4, 4}, point.y().toFloatArray());
        }
        try (Model model = Fixture.of("kwargs").load()) {
            record Result(Tensor rest, Tensor product) {}
            Tensor x = Tensor.of(arena, new float[] {1, 2, 3}, 3);
            Tensor half = Tensor.of(arena, new float[] {2, 2, 2}, 3);
            Arguments arguments =
                    Arguments.of(x, new Tensor[] {x, half})
                            .withAll(new Keywords(new Opts(x, half), 0.5f));
            Result result = model.call(arena, arguments, Result.class);
            assertArrayEquals(new float[] {0.5f, 1, 1.5f}, result.product().toFloatArray());
            assertArrayEquals(new float[] {-0.5f, 1, 2.5f}, result.rest().toFloatArray());
        }
    }

    @Test
    void returnsTheOnlyTensorAsItIs() {
        try (Model model = Fixture.of("add_one").load()) {
            Tensor x = Tensor.zeros(arena, DType.FLOAT32, 8, 10);
            Tensor y = assertInstanceOf(Tensor.class, model.call(arena, x));
            assertEquals(80, y.elementCount());
            assertNotNull(model.call(arena, Arguments.of(x), Tensor.class));
        }
    }

    @Test
    void numbersStandForTensorsWithoutDimensions() {
        try (Model model = Fixture.of("zero_dim").load()) {
            List<?> outputs = model.call(arena, Arguments.of(2.5, 4), List.class);
            assertArrayEquals(new float[] {10}, ((Tensor) outputs.get(0)).toFloatArray());
            assertArrayEquals(new long[] {5}, ((Tensor) outputs.get(1)).toLongArray());
            assertArrayEquals(new boolean[] {false}, ((Tensor) outputs.get(2)).toBooleanArray());
            refuses(
                    model,
                    Arguments.of(2.5, 4.0),
                    "args[1] is a java.lang.Double, but a Tensor is required: int64 []");
            refuses(model, Arguments.of(true, 4), "args[0] is a java.lang.Boolean, but a Tensor");
            refuses(model, Arguments.of("2.5", 4), "args[0] is a java.lang.String, but a Tensor");
        }
        try (Model model = Fixture.of("add_one").load()) {
            refuses(
                    model,
                    Arguments.of(3),
                    "args[0] is a java.lang.Integer, but a Tensor is required: float32 [8, 10]");
        }
    }

    @Test
    void constantsHaveNoEffectAndMayBeLeftOut() {
        try (Model model = Fixture.of("call_constants").load()) {
            Arguments others =
                    Arguments.of(ramp(1), 99, ramp(2)).with("z", ramp(3)).with("flag", "no");
            List<?> outputs = model.call(arena, others, List.class);
            assertArrayEquals(new float[] {8, 13}, ((Tensor) outputs.getFirst()).toFloatArray());
            assertNull(outputs.get(1));
            refuses(
                    model,
                    Arguments.of(ramp(1), ramp(0), ramp(2), "add").with("z", ramp(3)),
                    "args[1] is a Tensor, but it was a plain value or None");
            refuses(
                    model,
                    Arguments.of(ramp(1), 3, ramp(2), Map.of()).with("z", ramp(3)),
                    "args[3] is a MapN, but it was a plain value or None");
            refuses(
                    model,
                    Arguments.of(ramp(1), 3, null, "add").with("z", ramp(3)),
                    "args[2] is null, but a Tensor is required");
        }
    }

    @Test
    void whatIsGivenDecidesWhereThePackageDoesNotTell() {
        try (Model model = Fixture.of("call_weighted").load()) {
            CallSpec spec = model.callSpec();
            assertEquals(List.of(), spec.inputPaths());
            assertInstanceOf(Structure.EitherLeaf.class, spec.args().elements().get(1));
            Arguments good = Arguments.of(ramp(1), 3, ramp(2), "add").with("z", ramp(3));
            assertEquals(3, model.call(arena, good, List.class).size());
            refuses(
                    model,
                    Arguments.of(ramp(1), ramp(2), 3, "add").with("z", ramp(3)),
                    "the tensors given, args[0], args[1], kwargs.z, are not those of the call");
            refuses(model, Arguments.of(null, 3), "the tensors given, none, are not those");
            Tensor wide = Tensor.zeros(arena, DType.FLOAT32, 3);
            refuses(
                    model,
                    Arguments.of(ramp(1), 3, wide).with("z", ramp(3)),
                    "(\"arg3_1\" is args[2])");
        }
    }

    @Test
    void namesThePathOfATensorThatDoesNotFit() {
        try (Model model = Fixture.of("kwargs").load()) {
            Tensor x = Tensor.zeros(arena, DType.FLOAT32, 3);
            Tensor wide = Tensor.zeros(arena, DType.FLOAT32, 4);
            Arguments positional = Arguments.of(x, List.of(x, x)).with("scale", 1.5);
            refuses(
                    model,
                    positional.with("named", Map.of("zeta", x, "alpha", wide)),
                    "input 5 kwargs.named[\"alpha\"] (arg5_1)");
            refuses(
                    model,
                    positional.with("named", Map.of("zeta", x)),
                    "kwargs.named[\"alpha\"] is missing");
            refuses(
                    model,
                    Arguments.of(x, new ArrayList<>(List.of(x))),
                    "args[1] has 1 element instead of 2");
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> positional.with("named", x).with("named", x));
            assertEquals("keyword argument \"named\" is given twice", e.getMessage());
        }
    }

    private void refuses(Model model, Arguments arguments, String message) {
        var e = assertThrows(InvalidInputException.class, () -> model.call(arena, arguments));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void recordThatCannotHoldTheResultsIsRefusedBeforeTheRun() {
        try (Model model = Fixture.of("mutates_input").load()) {
            Tensor x = Tensor.zeros(arena, DType.FLOAT32, 3, 4);
            Arguments arguments = Arguments.of(x);
            assertThrows(
                    InvalidInputException.class, () -> model.call(arena, arguments, Point.class));
            assertArrayEquals(new float[12], x.toFloatArray());
        }
    }

    @Test
    void modelWithAnUnknownNodeStillRuns() {
        try (Model model = Fixture.of("call_opaque").load()) {
            var e = assertThrows(CallSpecException.class, model::callSpec);
            assertEquals(
                    "the call spec of the inputs has a node of the type fixtures.Opaque, whose"
                        + " structure it does not state; call the model with flat tensors (run)",
                    e.getMessage());
            assertThrows(CallSpecException.class, () -> model.call(arena, ramp(1), ramp(2)));
            assertEquals(1, model.run(arena, ramp(1), ramp(2)).size());
        }
    }

    @Test
    void describesWithoutLoading() {
        try (ModelPackage opened = ModelPackage.open(Fixture.of("kwargs").path())) {
            assertEquals(
                    "forward(Tensor, [Tensor, Tensor], *, scale: Tensor, named: {\"zeta\": Tensor,"
                            + " \"alpha\": Tensor}) -> {\"product\": Tensor, \"rest\": Tensor}",
                    opened.describe("model").callSpec().orElseThrow().describe());
        }
    }

    @Test
    void closedModelKeepsItsCallSpec() {
        Model model = Fixture.of("add_one").load();
        CallSpec spec = model.callSpec();
        model.close();
        assertSame(spec, model.callSpec());
        Tensor x = Tensor.zeros(arena, DType.FLOAT32, 8, 10);
        assertThrows(IllegalStateException.class, () -> model.call(arena, x));
    }
}
