package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.BothSides.Argument;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.lang.foreign.Arena;
import java.util.List;

/** What a mixture of experts calls: counts of tokens, their sums, and products by expert. */
@Tag("libtorch")
class GroupedProductsTest {
    private static final Operator HISTOGRAM = Operator.of("aoti_torch_cpu_histc");
    private static final Operator SUM = Operator.of("aoti_torch_cpu_cumsum");
    private static final Operator PRODUCT = Operator.of("aoti_torch_cpu__grouped_mm");

    /** Experts, of which {@link Values#WHOLE} chooses one for each row. */
    private static final long EXPERTS = 9;

    record Counts(TensorSpec self, long bins, double min, double max) {}

    @Provide
    Arbitrary<Counts> counts() {
        Arbitrary<TensorSpec> tensors =
                Combinators.combine(
                                Arbitraries.of(DType.FLOAT32, DType.FLOAT64),
                                TensorSpec.shapes(3, 9),
                                Arbitraries.of(Values.WHOLE, Values.SMALL, Values.HOSTILE))
                        .flatAs(
                                (dtype, shape, values) ->
                                        TensorSpec.inputs(
                                                dtype,
                                                values,
                                                shape.stream().mapToLong(x -> x).toArray()));
        return Combinators.combine(
                        tensors,
                        Arbitraries.longs().between(1, 12),
                        Arbitraries.of(-4.0, -0.3, 0.0),
                        Arbitraries.of(0.7, 4.0, 11.0))
                .as(Counts::new);
    }

    @Property(seed = "1", tries = 400)
    void countAsLibTorchCounts(@ForAll("counts") Counts c) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            assertTrue(sides.call(HISTOGRAM, sides.input(c.self), c.bins, c.min, c.max, result));
            sides.assertEqual(result, Tolerance.EXACT);
        }
    }

    @Property(seed = "1", tries = 60)
    void multiplyEachGroupByItsMatrix(@ForAll("rows") long rows, @ForAll("transposed") boolean t) {
        try (BothSides sides = new BothSides();
                Arena arena = Arena.ofConfined()) {
            var counts = sides.result();
            var ends = sides.result();
            var result = sides.result();
            var experts =
                    new TensorSpec(
                            DType.FLOAT32, List.of(rows), Layout.CONTIGUOUS, Values.WHOLE, rows);
            assertTrue(sides.call(HISTOGRAM, sides.input(experts), EXPERTS, -4.0, 4.0, counts));
            Argument counted = ours -> ours ? counts.ours() : counts.libtorch();
            long int32 = arena.allocateFrom(JAVA_INT, DType.INT32.code()).address();
            assertTrue(sides.call(SUM, counted, 0L, int32, ends));
            sides.assertEqual(ends, Tolerance.EXACT);
            var self = sides.input(TensorSpec.of(DType.BFLOAT16, rows, 16));
            var mat2 = sides.input(TensorSpec.of(DType.BFLOAT16, EXPERTS, 16, t ? 24 : 8));
            assertTrue(sides.call(PRODUCT, self, mat2, ends, 0L, 0L, result));
            sides.assertEqual(result, Tolerance.of(DType.BFLOAT16, 4, 4));
        }
    }

    @Provide
    Arbitrary<Long> rows() {
        return Arbitraries.longs().between(1, 50);
    }

    @Provide
    Arbitrary<Boolean> transposed() {
        return Arbitraries.of(true, false);
    }

    @Example
    void refuseEndsThatDoNotRise() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT32, 3, 4));
            var mat2 = sides.input(TensorSpec.of(DType.FLOAT32, 2, 4, 4));
            var ends =
                    sides.input(
                            new TensorSpec(
                                    DType.INT32, List.of(2L), Layout.CONTIGUOUS, Values.SMALL, 3));
            assertFalse(
                    sides.callOurs(
                            PRODUCT, self, mat2, sides.optional(ends), 0L, 0L, sides.result()));
        }
    }

    @Example
    void refuseAnEmptyInterval() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT32, 3));
            assertFalse(sides.callOurs(HISTOGRAM, self, 4L, 1.0, 1.0, sides.result()));
        }
    }
}
