package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/** What a model may return, usual or not. */
final class OutputScenarios {
    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    private static Tensor wrap(MemorySegment memory) {
        return Tensor.wrap(memory, DType.FLOAT32, memory.byteSize() / Float.BYTES);
    }

    @Scenario
    void returnsNullWhereThereIsNoTensor() {
        Stub.shape(1, "nfu");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, vector(arena, 1));
            assertNull(outputs.get(0));
            assertArrayEquals(new float[] {2}, outputs.get(1).toFloatArray());
            assertNull(outputs.get(2));
        }
    }

    @Scenario
    void runsAModelWithoutInputsAndOutputs() {
        Stub.shape(0, "");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            assertEquals(List.of(), model.run(arena));
        }
    }

    @Scenario
    void returnsAScalar() {
        Stub.shape(0, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor output = model.run(arena).getFirst();
            assertEquals(0, output.rank());
            assertArrayEquals(new float[] {42}, output.toFloatArray());
        }
    }

    @Scenario
    void returnsTensorsWithoutElements() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = Tensor.zeros(arena, DType.FLOAT32, 3, 0);
            Tensor output = model.run(arena, input).getFirst();
            assertArrayEquals(new long[] {3, 0}, output.shape());
            assertEquals(0, output.toFloatArray().length);
        }
    }

    @Scenario
    void returnsManyOutputs() {
        Stub.shape(2, "f".repeat(60));
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, vector(arena, 1), vector(arena, 5));
            assertEquals(60, outputs.size());
            assertArrayEquals(new float[] {6}, outputs.getLast().toFloatArray());
        }
    }

    @Scenario
    void returnsTheInputItself() {
        Stub.shape(2, "fi");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Arena inputArena = Arena.ofConfined();
            Tensor input = vector(inputArena, 1, 2);
            Tensor output = model.run(arena, vector(arena, 0), input).get(1);
            assertEquals(input.segment().address(), output.segment().address());
            output.segment().setAtIndex(ValueLayout.JAVA_FLOAT, 1, 9);
            assertArrayEquals(new float[] {1, 9}, input.toFloatArray());
            inputArena.close();
            assertThrows(IllegalStateException.class, output::toFloatArray);
        }
    }

    @Scenario
    void returnsAViewOfAnInput() {
        Stub.shape(1, "v");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1, 2, 3);
            Tensor output = model.run(arena, input).getFirst();
            assertArrayEquals(new float[] {2, 3}, output.toFloatArray());
            assertEquals(input.segment().address() + Float.BYTES, output.segment().address());
        }
    }

    @Scenario
    void returnsAStridedViewOfAnInput() {
        Stub.shape(1, "v");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = vector(arena, 1, 2, 3, 4, 5).segment();
            Tensor input = Tensor.wrap(memory, DType.FLOAT32, new long[] {3}, new long[] {2});
            Tensor output = model.run(arena, input).getFirst();
            assertArrayEquals(new float[] {3, 5}, output.toFloatArray());
        }
    }

    @Scenario
    void returnsTheLargerOfTwoInputsThatShareMemory() {
        Stub.shape(2, "fi");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = vector(arena, 1, 2, 3, 4).segment();
            Tensor output = model.run(arena, wrap(memory.asSlice(0, 8)), wrap(memory)).get(1);
            assertArrayEquals(new float[] {1, 2, 3, 4}, output.toFloatArray());
            assertEquals(memory.address(), output.segment().address());
        }
    }

    @Scenario
    void returnsTheSameMemoryTwice() {
        Stub.shape(1, "fs");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, vector(arena, 1));
            assertEquals(outputs.get(0).segment().address(), outputs.get(1).segment().address());
            assertArrayEquals(new float[] {2}, outputs.get(1).toFloatArray());
        }
    }

    @Scenario
    void returnsTheSameHandleTwice() {
        Stub.shape(1, "fhnh");
        Map<String, Long> before = Stub.alive();
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, vector(arena, 1));
            assertEquals(outputs.get(0).segment().address(), outputs.get(1).segment().address());
            assertArrayEquals(new float[] {2}, outputs.get(3).toFloatArray());
        }
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void deletesAHandleThatIsThereTwiceOnceAfterARefusal() {
        Stub.shape(1, "fhdh");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1, 2);
            Map<String, Long> before = Stub.alive();
            assertThrows(IncompatibleModelException.class, () -> model.run(arena, input));
            assertEquals(before, Stub.alive());
        }
    }

    @Scenario
    void takesOutputsAsInputs() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor tensor = vector(arena, 0);
            for (int i = 0; i < 5; i++) {
                tensor = model.run(arena, tensor).getFirst();
            }
            assertArrayEquals(new float[] {5}, tensor.toFloatArray());
        }
    }

    @Scenario
    void resolvesComplexNumbersThatAreConjugatedLazily() {
        Stub.shape(1, "fjj");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, vector(arena, 1));
            assertArrayEquals(new float[] {3, -4}, outputs.get(1).toFloatArray());
            assertArrayEquals(new float[] {3, -4}, outputs.get(2).toFloatArray());
        }
    }

    @Scenario
    void refusesAnOutputOnAnotherDevice() {
        refusesOutput("d", "CPU memory");
    }

    @Scenario
    void refusesASparseOutput() {
        refusesOutput("l", "dense");
    }

    @Scenario
    void refusesAnOutputOfAnUnknownType() {
        refusesOutput("t", "13");
    }

    private static void refusesOutput(String kind, String reason) {
        Stub.shape(1, "f" + kind + "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1, 2);
            long before = Stub.alive().get("tensors");
            var e = assertThrows(IncompatibleModelException.class, () -> model.run(arena, input));
            assertTrue(e.getMessage().contains("output1"), e::toString);
            assertTrue(e.getMessage().contains(reason), e::toString);
            assertEquals(before, Stub.alive().get("tensors"));
        }
    }

    @Scenario
    void keepsConstantsOfAClosedModelForItsOutputs() {
        Stub.shape(1, "c");
        Map<String, Long> before = Stub.alive();
        try (Arena arena = Arena.ofConfined()) {
            Tensor output;
            try (Model model = Stub.load(1)) {
                output = model.run(arena, vector(arena, 1)).getFirst();
            }
            assertEquals(before.get("containers") + 1, Stub.alive().get("containers"));
            assertEquals(before.get("libraries") + 1, Stub.alive().get("libraries"));
            assertArrayEquals(new float[] {7, 8}, output.toFloatArray());
        }
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void freesTheContainerWithTheLastArenaThatHoldsOutputs() {
        Stub.shape(1, "c");
        Map<String, Long> before = Stub.alive();
        Arena first = Arena.ofConfined();
        Arena second = Arena.ofShared();
        try (Model model = Stub.load(1)) {
            model.run(first, vector(first, 1));
            model.run(first, vector(first, 1));
            model.run(second, vector(second, 1));
        }
        first.close();
        assertEquals(before.get("containers") + 1, Stub.alive().get("containers"));
        second.close();
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void leavesOutputsOfAnAutomaticArenaToTheGarbageCollector() throws Exception {
        Map<String, Long> before = Stub.alive();
        runInAutomaticArena();
        Background.await(
                () -> {
                    System.gc();
                    return Stub.alive().equals(before);
                });
    }

    /** A method of its own, so that no frame's variable keeps the arena. */
    private static void runInAutomaticArena() {
        try (Model model = Stub.load(1)) {
            Arena arena = Arena.ofAuto();
            Tensor output = model.run(arena, vector(arena, 1)).getFirst();
            assertArrayEquals(new float[] {2}, output.toFloatArray());
        }
    }
}
