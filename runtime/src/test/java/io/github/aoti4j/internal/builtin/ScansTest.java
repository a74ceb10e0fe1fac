package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.aoti4j.core.DType;

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

/** Cumulative sums and products, as libtorch computes them. */
@Tag("libtorch")
class ScansTest {
    private static final Operator SUM = Operator.of("aoti_torch_cpu_cumsum");
    private static final Operator PRODUCT = Operator.of("aoti_torch_cpu_cumprod");

    private static final List<DType> INTEGERS =
            List.of(DType.INT64, DType.INT32, DType.INT16, DType.INT8, DType.UINT8, DType.BOOL);
    private static final List<DType> FLOATS =
            List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16);

    /**
     * A scan.
     *
     * @param result the dtype that is asked for; null for none
     */
    record Case(TensorSpec self, long dim, DType result, boolean sum) {}

    @Provide
    Arbitrary<Case> cases() {
        Arbitrary<DType> dtypes =
                Arbitraries.of(INTEGERS)
                        .edgeCases(e -> e.none())
                        .flatMap(i -> Arbitraries.of(FLOATS).flatMap(f -> Arbitraries.of(i, f)));
        Arbitrary<TensorSpec> tensors =
                Combinators.combine(
                                dtypes,
                                TensorSpec.shapes(4, 7),
                                Arbitraries.of(Values.WHOLE, Values.HOSTILE))
                        .flatAs(
                                (dtype, shape, values) ->
                                        TensorSpec.inputs(
                                                dtype,
                                                values,
                                                shape.stream().mapToLong(x -> x).toArray()));
        return Combinators.combine(
                        tensors,
                        Arbitraries.longs().between(-5, 4),
                        dtypes.filter(d -> d != DType.BOOL).injectNull(0.5),
                        Arbitraries.of(true, false))
                .filter(
                        (self, dim, result, sum) ->
                                result == null
                                        || result.isFloatingPoint()
                                        || !self.dtype().isFloatingPoint()
                                        || self.values() == Values.WHOLE)
                .as(Case::new);
    }

    @Property(seed = "1", tries = 800)
    void computeWhatLibTorchComputes(@ForAll("cases") Case c) {
        try (BothSides sides = new BothSides();
                Arena arena = Arena.ofConfined()) {
            var self = sides.input(c.self);
            var result = sides.result();
            long dtype =
                    c.result == null ? 0 : arena.allocateFrom(JAVA_INT, c.result.code()).address();
            if (sides.call(c.sum ? SUM : PRODUCT, self, c.dim, dtype, result)) {
                DType computed = c.result == null ? c.self.dtype() : c.result;
                sides.assertEqual(result, Tolerance.of(computed, 4, 1));
            }
        }
    }

    @Example
    void refuseWhatHasNoSums() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT32, 4));
            assertFalse(sides.callOurs(SUM, self, 1L, 0L, sides.result()));
        }
    }
}
