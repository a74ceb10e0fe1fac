package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Inputs and outputs by name. */
@NeedsLibTorch
@OnBothEngines
class NamedTensorsTest {
    @Test
    void inputsGoByNamePathOrKeyword() {
        Fixture kwargs = Fixture.of("kwargs");
        try (Model model = kwargs.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> flat = distinct(arena);
            List<Tensor> expected = model.run(arena, flat);
            Map<String, Tensor> byName = new HashMap<>();
            Map<String, Tensor> byPath = new HashMap<>();
            for (int i = 0; i < flat.size(); i++) {
                byName.put(model.inputs().get(i).name(), flat.get(i));
                byPath.put(model.inputs().get(i).path().orElseThrow(), flat.get(i));
            }
            byPath.put("scale", byPath.remove("kwargs.scale"));
            for (Map<String, Tensor> inputs : List.of(byName, byPath)) {
                Map<String, Tensor> outputs = model.run(arena, inputs);
                assertEquals(model.outputNames(), List.copyOf(outputs.keySet()));
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(
                            expected.get(i).toFloatArray(),
                            outputs.get(model.outputNames().get(i)).toFloatArray());
                }
            }
        }
    }

    @Test
    void unknownMissingAndDoubleNamesAreRefused() {
        try (Model model = Fixture.of("kwargs").load();
                Arena arena = Arena.ofConfined()) {
            Tensor x = Tensor.of(arena, new float[3], 3);
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> model.run(arena, Map.of("args[0]", x, "speed", x)));
            assertTrue(
                    e.getMessage()
                            .startsWith(
                                    "model model has no input speed, and is not given args[1][0],"),
                    e::getMessage);
            assertTrue(e.getMessage().contains("kwargs.scale (arg3_1): float32 []"), e::toString);
            e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> model.run(arena, Map.of("args[0]", x, "arg0_1", x)));
            assertTrue(e.getMessage().contains("args[0] (arg0_1)"), e::getMessage);
            assertTrue(e.getMessage().contains("is given twice"), e::getMessage);
        }
    }

    /** No two inputs are alike, so that none can stand for another. */
    private static List<Tensor> distinct(Arena arena) {
        return List.of(
                Tensor.of(arena, new float[] {1, 2, 3}, 3),
                Tensor.of(arena, new float[] {4, 5, 7}, 3),
                Tensor.of(arena, new float[] {11, 13, 17}, 3),
                Tensor.of(arena, new float[] {0.5f}),
                Tensor.of(arena, new float[] {19, 23, 29}, 3),
                Tensor.of(arena, new float[] {31, 37, 41}, 3));
    }
}
