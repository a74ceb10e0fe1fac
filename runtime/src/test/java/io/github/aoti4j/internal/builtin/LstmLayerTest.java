package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.util.Arrays;

/** A layer of an LSTM, as oneDNN computes it for libtorch. */
@Tag("libtorch")
class LstmLayerTest {
    private static final Operator LAYER = Operator.of("aoti_torch_cpu_mkldnn_rnn_layer");

    private static final long LSTM = 2;
    private static final long GRU = 3;

    /** Sizes of a layer. */
    record Case(
            long length,
            long rows,
            long width,
            long hidden,
            boolean reverse,
            boolean biases,
            long seed) {
        TensorSpec tensor(int number, long... sizes) {
            return TensorSpec.of(DType.FLOAT32, sizes).withSeed(seed + number);
        }
    }

    @Provide
    Arbitrary<Case> cases() {
        return Combinators.combine(
                        Arbitraries.longs().between(1, 7),
                        Arbitraries.longs().between(1, 4),
                        Arbitraries.longs().between(1, 20),
                        Arbitraries.longs().between(1, 20),
                        Arbitraries.of(true, false),
                        Arbitraries.of(true, false),
                        Arbitraries.longs())
                .as(Case::new);
    }

    private static Object[] arguments(
            BothSides sides, Case c, TestTensor input, long mode, BothSides.Result... results) {
        return new Object[] {
            input,
            sides.input(c.tensor(1, 4 * c.hidden, c.width)),
            sides.input(c.tensor(2, 4 * c.hidden, c.hidden)),
            // Without biases the compiler passes zeros that look like the weights.
            c.biases
                    ? sides.input(c.tensor(3, 4 * c.hidden))
                    : sides.input(c.tensor(3, 4 * c.hidden, c.width)),
            c.biases
                    ? sides.input(c.tensor(4, 4 * c.hidden))
                    : sides.input(c.tensor(4, 4 * c.hidden, c.width)),
            sides.input(c.tensor(5, 1, c.rows, c.hidden)),
            sides.input(c.tensor(6, 1, c.rows, c.hidden)),
            c.reverse ? 1 : 0,
            0L,
            0L,
            mode,
            c.hidden,
            1L,
            c.biases ? 1 : 0,
            0,
            0,
            0,
            results[0],
            results[1],
            results[2],
            results[3]
        };
    }

    private static boolean run(
            BothSides sides, Case c, TestTensor input, BothSides.Result... results) {
        return sides.call(LAYER, arguments(sides, c, input, LSTM, results));
    }

    @Property(seed = "1", tries = 500)
    void computesWhatLibTorchComputes(@ForAll("cases") Case c) {
        try (BothSides sides = new BothSides()) {
            var input = sides.input(c.tensor(0, c.length, c.rows, c.width));
            var output = sides.result();
            var hidden = sides.result();
            var cell = sides.result();
            assertTrue(run(sides, c, input, output, hidden, cell, sides.result()));
            Tolerance tolerance = Tolerance.of(DType.FLOAT32, 100, 1);
            sides.assertEqual(output, tolerance);
            sides.assertEqual(hidden, tolerance);
            sides.assertEqual(cell, tolerance);
        }
    }

    @Property(seed = "2", tries = 200)
    void readsInputsThatLieApart(@ForAll("cases") Case c) {
        try (BothSides sides = new BothSides()) {
            // As the half of a wider tensor, or a transposed one: rows are dense.
            var wide = sides.input(c.tensor(0, c.length, c.rows, c.width).with(Layout.OFFSET));
            var output = sides.result();
            assertTrue(run(sides, c, wide, output, sides.result(), sides.result(), sides.result()));
            sides.assertEqual(output, Tolerance.of(DType.FLOAT32, 100, 1));
        }
    }

    @Example
    void refusesOtherLayersAndOtherSizes() {
        Case c = new Case(3, 2, 4, 5, false, true, 1);
        try (BothSides sides = new BothSides()) {
            var results = new BothSides.Result[4];
            Arrays.setAll(results, _ -> sides.result());
            var right = sides.input(c.tensor(0, 3, 2, 4));
            var wide = sides.input(c.tensor(0, 3, 2, 6));
            assertFalse(sides.callOurs(LAYER, arguments(sides, c, right, GRU, results)));
            assertFalse(sides.callOurs(LAYER, arguments(sides, c, wide, LSTM, results)));
            assertTrue(
                    sides.failure().getMessage().contains("float32 [20, 4]"),
                    sides.failure()::toString);
            assertTrue(sides.callOurs(LAYER, arguments(sides, c, right, LSTM, results)));
        }
    }
}
