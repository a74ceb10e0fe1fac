package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.inputs.InputCheck;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.tensor.Shapes;

import org.junit.jupiter.api.Test;

import java.util.List;

/** The parser on packages as PyTorch 2.13 wrote them. */
class WrapperFixturesTest {
    private static List<String> inputs(String fixture) {
        return WrapperFixtures.source(fixture).inputs().stream().map(InputSpec::describe).toList();
    }

    @Test
    void readsFixedSizes() {
        assertEquals(List.of("float32 [8, 10]"), inputs("add_one"));
        assertEquals(List.of("float32 []", "int64 []"), inputs("zero_dim"));
        assertEquals(
                List.of("float32 [0, 4]", "float32 [2, 4]", "float32 [3, 0]"), inputs("zero_size"));
    }

    @Test
    void readsRangesAndSharedSymbols() {
        assertEquals(List.of("float32 [s31: 1..1024, 10]"), inputs("mlp"));
        assertEquals(List.of("int64 [s37: 1..64]"), inputs("embedding"));
        assertEquals(
                List.of(
                        "float32 [s38: 1..32, 3]",
                        "float32 [s38: 1..32, 3]",
                        "float32 [2*s38: 2..64]",
                        "float32 [s6: 4..64]",
                        "float32 [s38: 1..32, s6: 4..64]"),
                inputs("shared_batch"));
    }

    @Test
    void readsStrides() {
        assertEquals(
                List.of("float32 [2, 3, 8, 8] strides [192, 1, 24, 3]"), inputs("channels_last"));
        assertEquals(
                List.of("float32 [6, 4] strides [1, 6]", "float32 [4, 3] strides [6, 2]"),
                inputs("transposed_input"));
    }

    @Test
    void readsDtypes() {
        var read = WrapperFixtures.source("dtypes").inputs();
        assertTrue(read.size() > 10);
        for (var input : read) {
            assertTrue(input.dtype().isPresent(), input.name());
        }
    }

    @Test
    void readsConstantsAndCallSpecs() {
        var source = WrapperFixtures.source("mlp");
        assertEquals(3, source.constantCount());
        var bias = source.constants().get(1);
        assertEquals("0.bias", bias.fqn().orElseThrow());
        assertEquals(DType.FLOAT32, bias.dtype().orElseThrow());
        assertEquals(List.of(16L), bias.shape().orElseThrow());
        assertEquals(List.of(1L), bias.strides().orElseThrow());
        assertTrue(source.inSpec().orElseThrow().startsWith("[1, {"));
        assertTrue(source.outSpec().orElseThrow().endsWith("}]"));
    }

    @Test
    void checksSizesThatInputsShare() {
        var source = WrapperFixtures.source("shared_batch");
        var check = new InputCheck(source, new InputNames(List.of(), List::of));
        long[][] good = {{5, 3}, {5, 3}, {10}, {7}, {5, 7}};
        check(check, source, good);
        long[][] bad = {{5, 3}, {5, 3}, {11}, {7}, {5, 7}};
        var e = assertThrows(InvalidInputException.class, () -> check(check, source, bad));
        assertEquals(
                "input 2: dimension 0 must be 2*s38 = 10 (s38 = 5, the size of dimension 0 of input"
                        + " 0), but is 11",
                e.getMessage());
    }

    @Test
    void laysOutInputsAsTheModelRequires() {
        var check =
                new InputCheck(
                        WrapperFixtures.source("channels_last"),
                        new InputNames(List.of(), List::of));
        assertArrayEquals(
                new long[] {192, 1, 24, 3}, check.stridesFor(0, new long[][] {{2, 3, 8, 8}}));
    }

    private static void check(InputCheck check, WrapperSource source, long[][] sizes) {
        long[] slots = new long[check.slotCount()];
        for (int i = 0; i < sizes.length; i++) {
            int dtype = source.inputs().get(i).dtype().orElseThrow().code();
            check.check(
                    i,
                    dtype,
                    sizes[i].length,
                    sizes[i],
                    Shapes.contiguousStrides(sizes[i]),
                    0,
                    slots);
        }
        check.checkExpressions(slots);
    }
}
