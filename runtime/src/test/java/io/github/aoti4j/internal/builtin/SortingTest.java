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

import java.util.List;

/** Sorting and topk, as libtorch does them. */
@Tag("libtorch")
class SortingTest {
    private static final Operator TOPK = Operator.of("aoti_torch_cpu_topk");
    private static final Operator SORT = Operator.of("aoti_torch_cpu_sort_stable");

    /** A tensor, a dimension and how many of its elements. */
    record Case(TensorSpec self, long k, long dim, boolean first) {}

    private static Arbitrary<TensorSpec> tensors(DType... dtypes) {
        return Arbitraries.of(dtypes)
                .flatMap(
                        dtype ->
                                TensorSpec.shapes(4, 9)
                                        .flatMap(
                                                s ->
                                                        TensorSpec.inputs(
                                                                dtype, Values.HOSTILE, array(s))));
    }

    private static long[] array(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    private static Arbitrary<Case> cases(Arbitrary<TensorSpec> tensors) {
        return Combinators.combine(
                        tensors,
                        Arbitraries.longs().between(0, 10),
                        Arbitraries.longs().between(-5, 4),
                        Arbitraries.of(true, false))
                .as(Case::new);
    }

    @Provide
    Arbitrary<Case> any() {
        return cases(
                tensors(
                        DType.FLOAT32,
                        DType.FLOAT64,
                        DType.BFLOAT16,
                        DType.INT64,
                        DType.INT32,
                        DType.INT16,
                        DType.INT8,
                        DType.UINT8));
    }

    /** Values of equal elements are the same, whichever of them is taken; indices may differ. */
    @Property(seed = "1", tries = 500)
    void topkTakesTheSameValues(@ForAll("any") Case c) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(c.self);
            var values = sides.result();
            var indices = sides.result();
            boolean same = sides.call(TOPK, self, c.k, c.dim, c.first ? 1 : 0, 1, values, indices);
            // None of a tensor without dimensions is one that libtorch does not write.
            if (same && (c.k > 0 || c.self.rank() > 0)) {
                sides.assertEqual(values, Tolerance.EXACT);
            }
        }
    }

    @Property(seed = "2", tries = 500)
    void sortsStably(@ForAll("any") Case c) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(c.self);
            var values = sides.result();
            var indices = sides.result();
            if (sides.call(SORT, self, 0L, c.dim, c.first ? 1 : 0, values, indices)) {
                sides.assertEqual(values, Tolerance.EXACT);
                sides.assertEqual(indices, Tolerance.EXACT);
            }
        }
    }

    @Example
    void takesTheSameIndicesOfManyDifferentElements() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT64, 3, 5000));
            var values = sides.result();
            var indices = sides.result();
            assertTrue(sides.call(TOPK, self, 700L, -1L, 1, 1, values, indices));
            sides.assertEqual(values, Tolerance.EXACT);
            sides.assertEqual(indices, Tolerance.EXACT);
        }
    }

    @Example
    void refusesMoreThanThereAre() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT32, 4));
            assertFalse(sides.callOurs(TOPK, self, 5L, 0L, 1, 1, sides.result(), sides.result()));
            assertTrue(
                    sides.failure().getMessage().contains("float32 [4]"),
                    sides.failure()::toString);
        }
    }
}
