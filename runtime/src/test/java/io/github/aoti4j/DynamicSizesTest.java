package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Sizes that inputs derive from one another, and sizes that only the data tell. */
@NeedsLibTorch
@OnBothEngines
class DynamicSizesTest {
    private static List<Tensor> run(Model model, Arena arena, long rows, long columns) {
        Tensor sizes = Tensor.of(arena, new long[] {rows, columns}, 2);
        return model.run(arena, sizes, Tensor.zeros(arena, DType.FLOAT32, 8));
    }

    @ParameterizedTest
    @CsvSource({"1, 5", "9, 5", "-1, 5", "3, 1", "3, 101", "9223372036854775807, 2"})
    void failsOnDataOutsideTheRangeThatTheModelChecks(long rows, long columns) {
        try (Model model = Fixture.of("item_sizes").load();
                Arena arena = Arena.ofConfined()) {
            assertThrows(NativeException.class, () -> run(model, arena, rows, columns));
            var outputs = run(model, arena, 8, 100);
            assertArrayEquals(new long[] {8, 100}, outputs.getFirst().shape());
        }
    }

    @Test
    void refusesASizeThatDoesNotFollowFromTheOthers() {
        try (Model model = Fixture.of("derived_sizes").load();
                Arena arena = Arena.ofConfined()) {
            Tensor a = Tensor.zeros(arena, DType.FLOAT32, 7, 3);
            Tensor b = Tensor.zeros(arena, DType.FLOAT32, 13, 3);
            Tensor c = Tensor.zeros(arena, DType.FLOAT32, 4);
            var e = assertThrows(InvalidInputException.class, () -> model.run(arena, a, b, c));
            assertTrue(e.getMessage().contains("= 14"), e::getMessage);
            assertTrue(e.getMessage().contains("but is 13"), e::getMessage);
        }
    }

    /** The shapes and zeros of PyTorch's own loader for these packages, which checks nothing. */
    @Test
    void runsEmptyInputsIfTheyAreAllowed() {
        var options = ModelOptions.defaults().allowEmptyInputs(true);
        try (Model mlp = Model.load(Fixture.of("mlp").path(), options);
                Model derived = Model.load(Fixture.of("derived_sizes").path(), options);
                Arena arena = Arena.ofConfined()) {
            var scores = mlp.run(arena, Tensor.zeros(arena, DType.FLOAT32, 0, 10));
            assertArrayEquals(new long[] {0, 1}, scores.getFirst().shape());

            var rows = derived.run(arena, derivedSizes(arena, 0, 5));
            assertArrayEquals(new long[] {0, 5}, rows.get(0).shape());
            assertArrayEquals(new long[] {0, 6}, rows.get(1).shape());
            assertArrayEquals(new long[] {0}, rows.get(2).shape());

            var columns = derived.run(arena, derivedSizes(arena, 3, 0));
            assertArrayEquals(new long[] {3, 0}, columns.get(0).shape());
            assertArrayEquals(new float[3], columns.get(1).toFloatArray());
            assertArrayEquals(new long[] {0}, columns.get(2).shape());

            List<Tensor> disagreeing = derivedSizes(arena, 0, 5);
            disagreeing.set(1, Tensor.zeros(arena, DType.FLOAT32, 2, 5));
            assertThrows(InvalidInputException.class, () -> derived.run(arena, disagreeing));
        }
    }

    private static List<Tensor> derivedSizes(Arena arena, long rows, long columns) {
        return new ArrayList<>(
                List.of(
                        Tensor.zeros(arena, DType.FLOAT32, rows, columns),
                        Tensor.zeros(arena, DType.FLOAT32, 2 * rows, columns),
                        Tensor.zeros(arena, DType.FLOAT32, columns + 1)));
    }

    @Test
    void givesOneMemoryForOneTensorThatIsTwoOutputs() {
        try (Model model = Fixture.of("duplicates").load();
                Arena arena = Arena.ofConfined()) {
            Tensor input = Tensor.zeros(arena, DType.FLOAT32, 3, 4);
            var outputs = model.run(arena, input);
            assertEquals(outputs.get(0).segment().address(), outputs.get(1).segment().address());
            assertEquals(input.segment().address(), outputs.get(2).segment().address());
        }
    }
}
