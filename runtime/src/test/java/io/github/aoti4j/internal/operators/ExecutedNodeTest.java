package io.github.aoti4j.internal.operators;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.bindings.torch.TorchExecutor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Single calls by PyTorch's own executor, without a model. */
@NeedsLibTorch
class ExecutedNodeTest {
    private static final String X = argument("self", "\"as_tensor\": {\"name\": \"x\"}");
    private static final String OTHER = argument("other", "\"as_tensor\": {\"name\": \"y\"}");
    private static final String TENSOR = "{\"as_tensor\": {\"name\": \"z\"}}";

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(ADDRESS);
    private final List<MemorySegment> handles = new ArrayList<>();

    @BeforeAll
    static void load() {
        LibTorch.load();
    }

    @AfterEach
    void delete() {
        handles.forEach(TorchApi::deleteTensor);
        arena.close();
    }

    private static String argument(String name, String value) {
        return "{\"name\": \"%s\", \"arg\": {%s}}".formatted(name, value);
    }

    private static ProxyPlans plans(String target, String outputs, String... inputs) {
        String json =
                """
                {"nodes": [{"node": {"target": "%s", "inputs": [%s], "outputs": [%s]}}]}
                """
                        .formatted(target, String.join(",", inputs), outputs);
        return ProxyPlans.compile(ProxyCalls.parse(json), LibTorch.load()::has, false, true);
    }

    private MemorySegment tensor(float... elements) {
        return filled(elements, new long[] {elements.length}, new long[] {1});
    }

    private MemorySegment column(float... elements) {
        return filled(elements, new long[] {elements.length, 1}, new long[] {1, 1});
    }

    private MemorySegment filled(float[] elements, long[] shape, long[] strides) {
        TorchApi.emptyStrided(
                shape.length,
                arena.allocateFrom(JAVA_LONG, shape),
                arena.allocateFrom(JAVA_LONG, strides),
                DType.FLOAT32.code(),
                slot);
        MemorySegment tensor = kept();
        MemorySegment.ofAddress(TorchApi.dataAddress(tensor, slot))
                .reinterpret((long) elements.length * Float.BYTES)
                .copyFrom(MemorySegment.ofArray(elements));
        return tensor;
    }

    private MemorySegment place() {
        TorchApi.newUndefinedTensor(slot);
        return kept();
    }

    private MemorySegment kept() {
        handles.add(slot.get(ADDRESS, 0));
        return handles.getLast();
    }

    private float[] elements(MemorySegment tensor, int count) {
        return MemorySegment.ofAddress(TorchApi.dataAddress(tensor, slot))
                .reinterpret((long) count * Float.BYTES)
                .toArray(JAVA_FLOAT);
    }

    /** Runs the only call as a model does. */
    private void run(ProxyPlans plans, long[] ints, MemorySegment... tensors) {
        assertEquals(List.of(), plans.problems());
        NodePlan node = plans.nodes().getFirst();
        assertInstanceOf(ExecutedNode.class, node);
        MemorySegment passed = arena.allocate(ADDRESS, tensors.length + 1);
        for (int i = 0; i < tensors.length; i++) {
            passed.setAtIndex(ADDRESS, i, tensors[i]);
        }
        OperatorThread thread = OperatorThread.current();
        Call call = thread.enter();
        try (TorchExecutor executor = new TorchExecutor(plans.executed().orElseThrow())) {
            node.run(
                    executor,
                    thread,
                    call,
                    ints.length,
                    arena.allocateFrom(JAVA_LONG, ints),
                    tensors.length,
                    passed);
        } finally {
            thread.leave(call);
        }
    }

    @ParameterizedTest
    @CsvSource({"as_float, 2.5, 2.5", "as_bool, true, 1", "as_int, 3, 3", "as_sym_int, 3, 3"})
    void passesANumberOfAnyKind(String kind, String value, float factor) {
        boolean isPassed = kind.endsWith("int");
        String json = kind.equals("as_sym_int") ? "{\"as_int\": 3}" : value;
        var plans =
                plans("aten::mul.Scalar", TENSOR, X, argument("other", "\"" + kind + "\":" + json));
        MemorySegment z = place();
        run(plans, isPassed ? new long[] {3} : new long[0], tensor(1, -2), z);
        assertArrayEquals(new float[] {factor, -2 * factor}, elements(z, 2));
    }

    /** PyTorch's compiler passes an integer that is the default, and its executor refuses it. */
    @Test
    void takesAnIntegerThatIsTheDefault() {
        var plans = plans("aten::rsub.Tensor", TENSOR, X, OTHER);
        for (long[] ints : List.of(new long[0], new long[] {1})) {
            MemorySegment z = place();
            run(plans, ints, tensor(1, 2), tensor(5, 5), z);
            assertArrayEquals(new float[] {4, 3}, elements(z, 2));
        }
    }

    @Test
    void passesNumbers() {
        var plans = multiplied("\"as_ints\": [2, 3]");
        MemorySegment a = place();
        MemorySegment b = place();
        run(plans, new long[] {2, 3}, tensor(1, 2), tensor(4), a, b);
        assertArrayEquals(new float[] {2, 4}, elements(a, 2));
        assertArrayEquals(new float[] {12}, elements(b, 1));
    }

    /** PyTorch's executor passes them, and every operator refuses them. */
    @ParameterizedTest
    @ValueSource(strings = {"\"as_floats\": [2.0, 0.5]", "\"as_ints\": []"})
    void saysWhichNumbersCannotBePassed(String numbers) {
        String problems = String.join("\n", multiplied(numbers).problems());
        assertTrue(problems.contains("argument scalars of type Scalar[]"), problems);
    }

    private static ProxyPlans multiplied(String numbers) {
        return plans(
                "aten::_foreach_mul.ScalarList",
                "{\"as_tensors\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}",
                argument("self", "\"as_tensors\": [{\"name\": \"x\"}, {\"name\": \"y\"}]"),
                argument("scalars", numbers));
    }

    @Test
    void takesResultsOfSeveralTypes() {
        // Four tensors, of which one is left out, and an integer, the way in which it computed.
        String missing = "\"as_none\": true";
        var plans =
                plans(
                        "aten::_batch_norm_impl_index",
                        String.join(",", TENSOR, "{\"as_none\": true}", TENSOR, TENSOR)
                                + ", {\"as_int\": 0}",
                        argument("input", "\"as_tensor\": {\"name\": \"x\"}"),
                        argument("weight", missing),
                        argument("bias", missing),
                        argument("running_mean", "\"as_tensor\": {\"name\": \"m\"}"),
                        argument("running_var", "\"as_tensor\": {\"name\": \"v\"}"),
                        argument("training", "\"as_bool\": false"),
                        argument("momentum", "\"as_float\": 0.1"),
                        argument("eps", "\"as_float\": 0.0"),
                        argument("cudnn_enabled", "\"as_bool\": false"));
        MemorySegment z = place();
        MemorySegment[] tensors = {column(2, 4), tensor(1), tensor(4), z, place(), place()};
        run(plans, new long[] {0}, tensors);
        assertArrayEquals(new float[] {0.5f, 1.5f}, elements(z, 2));
        // Another integer than the model was compiled for.
        assertThrows(NativeException.class, () -> run(plans, new long[] {7}, tensors));
    }

    /** It writes them all before it counts. */
    @Test
    void survivesALongerListThanStated() {
        var plans =
                plans(
                        "aten::_foreach_mul.Scalar",
                        "{\"as_tensors\": [{\"name\": \"a\"}]}",
                        argument(
                                "self",
                                "\"as_tensors\": [{\"name\": \"x\"}, {\"name\": \"y\"}, {\"name\":"
                                        + " \"z\"}]"),
                        argument("scalar", "\"as_float\": 2.0"));
        MemorySegment place = place();
        assertThrows(
                NativeException.class,
                () -> run(plans, new long[0], tensor(1), tensor(2), tensor(3), place));
        assertFalse(TorchApi.isDefined(place, slot));
    }

    @Test
    void refusesOtherCountsThanStated() {
        var plans = plans("aten::mul.Scalar", TENSOR, X, argument("other", "\"as_float\": 2.5"));
        MemorySegment x = tensor(1);
        MemorySegment z = place();
        for (int tensors : new int[] {0, 1, 3}) {
            MemorySegment[] passed = new MemorySegment[tensors];
            Arrays.fill(passed, x);
            assertThrows(IllegalStateException.class, () -> run(plans, new long[0], passed));
        }
        assertThrows(IllegalStateException.class, () -> run(plans, new long[1], x, z));
        run(plans, new long[0], x, z);
        assertArrayEquals(new float[] {2.5f}, elements(z, 1));
    }

    @Test
    void aFailureIsAnExceptionAndTheNextCallIsRight() {
        var plans = plans("aten::rsub.Tensor", TENSOR, X, OTHER);
        MemorySegment z = place();
        var failure =
                assertThrows(
                        NativeException.class,
                        () -> run(plans, new long[0], tensor(1, 2), tensor(1, 2, 3), z));
        assertTrue(failure.getMessage().contains("aten::rsub.Tensor"), failure.getMessage());
        assertFalse(TorchApi.isDefined(z, slot));
        run(plans, new long[0], tensor(1, 2), tensor(2, 4), z);
        assertArrayEquals(new float[] {1, 2}, elements(z, 2));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "\"as_float\": \"Infinity\"; argument other of type Scalar (as_float)",
                "\"as_string\": \"2\"; argument other of type Scalar (as_string)",
                "\"as_none\": true; argument other of type Scalar (as_none)",
                "\"as_floats\": [2.0]; argument other of type Scalar (as_floats)",
                "\"as_complex\": {\"real\": 1}; argument other of type Scalar (as_complex)",
            })
    void saysWhatCannotBePassed(String value, String problem) {
        var plans = plans("aten::mul.Scalar", TENSOR, X, argument("other", value));
        String problems = String.join("\n", plans.problems());
        assertTrue(problems.contains(problem), problems);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"as_int\": 3}; result 0 of type Tensor (as_int)",
                "{\"as_tensors\": [{\"name\": \"z\"}]}; result 0 of type Tensor (as_tensors)",
            })
    void saysWhichResultCannotBeTaken(String output, String problem) {
        var plans = plans("aten::mul.Scalar", output, X, argument("other", "\"as_float\": 2.0"));
        String problems = String.join("\n", plans.problems());
        assertTrue(problems.contains(problem), problems);
    }

    @Test
    void refusesWhatIsNoList() {
        for (String calls : List.of("", "nonsense", "[1")) {
            assertThrows(NativeException.class, () -> new TorchExecutor(calls).close(), calls);
        }
    }
}
