package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is shared out among threads equals libtorch's answers, too. */
@NeedsLibTorch
class SharedOutTest {
    private static final DType F32 = DType.FLOAT32;

    @ParameterizedTest
    @CsvSource({
        "CHANNELS_LAST, 64, 64, 1",
        "CONTIGUOUS, 64, 64, 1",
        "CHANNELS_LAST, 64, 32, 2",
        "CHANNELS_LAST, 96, 96, 96",
    })
    void convolution(Layout layout, long channels, long filters, long groups) {
        try (BothSides sides = new BothSides()) {
            BothSides.useThreads(2);
            BothSides.Result y = sides.result();
            TensorSpec x = TensorSpec.of(F32, 2, channels, 40, 41);
            TensorSpec w = TensorSpec.of(F32, filters, channels / groups, 3, 3);
            assertTrue(
                    sides.call(
                            Operator.of("aoti_torch_cpu_convolution"),
                            sides.input(x.with(layout)),
                            sides.input(w.with(layout)),
                            sides.optional(sides.input(TensorSpec.of(F32, filters))),
                            sides.longs(1),
                            1L,
                            sides.longs(1),
                            1L,
                            sides.longs(1),
                            1L,
                            0,
                            sides.longs(0),
                            1L,
                            groups,
                            y));
            sides.assertEqual(y, Tolerance.of(F32, 64, 24));
        }
    }

    @Test
    void attention() {
        try (BothSides sides = new BothSides()) {
            BothSides.useThreads(2);
            BothSides.Result output = sides.result();
            BothSides.Result sums = sides.result();
            TensorSpec rows = TensorSpec.of(F32, 2, 5, 300, 32).with(Layout.HEADS_INSIDE);
            assertTrue(
                    sides.call(
                            Operator.of(
                                    "aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu"),
                            sides.input(rows.withSeed(1)),
                            sides.input(rows.withSeed(2)),
                            sides.input(rows.withSeed(3)),
                            0.0,
                            1,
                            sides.optional((TestTensor) null),
                            sides.optional((Double) null),
                            output,
                            sums));
            sides.assertEqual(output, Tolerance.of(F32, 64, 1));
            sides.assertEqual(sums, Tolerance.of(F32, 64, 1));
        } finally {
            BothSides.useThreads(1);
        }
    }
}
