package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

import java.util.ArrayList;
import java.util.List;

/** Products of matrices, as libtorch computes them. */
@Tag("libtorch")
class MatrixProductsTest {
    private static final Operator MM = Operator.of("aoti_torch_cpu_mm_out");
    private static final Operator BMM = Operator.of("aoti_torch_cpu_bmm_out");
    private static final Operator ADDMM = Operator.of("aoti_torch_cpu_addmm_out");
    private static final Operator BADDBMM = Operator.of("aoti_torch_cpu_baddbmm_out");
    private static final Operator ACTIVATION = Operator.of("aoti_torch_cpu__addmm_activation");
    private static final Operator ADDMV = Operator.of("aoti_torch_cpu_addmv");

    private static final DType[] TYPES = {
        DType.FLOAT32,
        DType.FLOAT64,
        DType.BFLOAT16,
        DType.FLOAT16,
        DType.INT64,
        DType.INT32,
        DType.INT16,
        DType.INT8,
        DType.UINT8
    };

    /** Operands of one product. */
    record Case(
            TensorSpec self,
            TensorSpec a,
            TensorSpec b,
            TensorSpec out,
            double beta,
            double alpha) {
        /**
         * Whole numbers give exact sums, rounded once. A sum of k products of numbers below 1 may
         * be off by k roundings of k, and is rounded once more.
         */
        Tolerance tolerance() {
            if (a.values() != Values.SMALL) {
                return Tolerance.of(a.dtype(), isNarrow() ? 2 : 0, 1);
            }
            double k = a.sizes().getLast() + 4;
            return isNarrow() ? Tolerance.of(a.dtype(), 4, 4) : Tolerance.of(a.dtype(), k, 2 * k);
        }

        private boolean isNarrow() {
            return a.dtype() == DType.BFLOAT16 || a.dtype() == DType.FLOAT16;
        }
    }

    private static Arbitrary<Case> cases(int batchRank, int most, DType[] types, Values... values) {
        Arbitrary<Long> size = TensorSpec.sizes(most);
        return Combinators.combine(
                        Arbitraries.of(types),
                        Arbitraries.of(values),
                        size,
                        size,
                        size,
                        TensorSpec.sizes(4))
                .flatAs(
                        (type, value, m, n, k, batch) ->
                                operands(type, value, batchRank == 3 ? batch : -1, m, n, k));
    }

    private static long[] sizes(long batch, long rows, long columns) {
        return batch < 0 ? new long[] {rows, columns} : new long[] {batch, rows, columns};
    }

    private static Arbitrary<Case> operands(
            DType type, Values values, long batch, long m, long n, long anyK) {
        boolean whole = !type.isFloatingPoint();
        // libtorch refuses to multiply an integer summand by beta where it has nothing to add.
        long k = whole ? Math.max(1, anyK) : anyK;
        Arbitrary<Double> factors =
                whole ? Arbitraries.of(0., 1., 2., -1.) : Arbitraries.of(0., 1., 1., -1., 2., 0.5);
        // Whether 0 times infinity counts depends on OpenBLAS's choice of a function.
        Arbitrary<Double> alphas = factors.filter(f -> f != 0 || values != Values.INFINITE);
        return Combinators.combine(
                        broadcast(sizes(batch, m, n))
                                .flatMap(s -> TensorSpec.inputs(type, values, s)),
                        TensorSpec.inputs(type, values, sizes(batch, m, k)),
                        TensorSpec.inputs(type, values, sizes(batch, k, n)),
                        TensorSpec.outputs(type, Values.HOSTILE, sizes(batch, m, n)),
                        factors,
                        alphas)
                .as(Case::new);
    }

    /** Sizes that can be expanded to the given ones. */
    private static Arbitrary<long[]> broadcast(long... sizes) {
        return Combinators.combine(
                        Arbitraries.integers().between(0, sizes.length),
                        Arbitraries.of(true, false).list().ofSize(sizes.length))
                .as(
                        (left, ones) -> {
                            List<Long> own = new ArrayList<>();
                            for (int d = left; d < sizes.length; d++) {
                                own.add(ones.get(d) ? 1 : sizes[d]);
                            }
                            return own.stream().mapToLong(Long::longValue).toArray();
                        });
    }

    @Provide
    Arbitrary<Case> matrices() {
        return cases(2, 12, TYPES, Values.SMALL, Values.WHOLE);
    }

    @Provide
    Arbitrary<Case> batches() {
        return cases(3, 9, TYPES, Values.SMALL, Values.WHOLE);
    }

    @Provide
    Arbitrary<Case> infinite() {
        return cases(2, 12, new DType[] {DType.FLOAT32, DType.FLOAT64}, Values.INFINITE);
    }

    @Provide
    Arbitrary<Case> large() {
        DType[] types = {DType.FLOAT32, DType.FLOAT64};
        return cases(2, 150, types, Values.SMALL, Values.WHOLE);
    }

    @Provide
    Arbitrary<Case> floats() {
        DType[] types = {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16};
        return cases(2, 12, types, Values.SMALL);
    }

    @Property(seed = "1", tries = 1500)
    void mm(@ForAll("matrices") Case c) {
        product(MM, c);
    }

    @Property(seed = "2", tries = 1000)
    void bmm(@ForAll("batches") Case c) {
        product(BMM, c);
    }

    private static void product(Operator operator, Case c) {
        try (BothSides sides = new BothSides()) {
            var out = sides.output(c.out);
            assertTrue(sides.call(operator, out, sides.input(c.a), sides.input(c.b)));
            sides.assertEqual(out, c.tolerance());
        }
    }

    @Property(seed = "3", tries = 2000)
    void addmm(@ForAll("matrices") Case c) {
        sum(ADDMM, c);
    }

    @Property(seed = "4", tries = 1500)
    void baddbmm(@ForAll("batches") Case c) {
        sum(BADDBMM, c);
    }

    @Property(seed = "5", tries = 500)
    void infinitiesAndNaN(@ForAll("infinite") Case c) {
        product(MM, c);
        sum(ADDMM, c);
    }

    @Property(seed = "6", tries = 150)
    void large(@ForAll("large") Case c) {
        sum(ADDMM, c);
    }

    /** A factor that the type does not have is refused on both sides. */
    private static void sum(Operator operator, Case c) {
        try (BothSides sides = new BothSides()) {
            var out = sides.output(c.out);
            var self = sides.input(c.self);
            var a = sides.input(c.a);
            var b = sides.input(c.b);
            if (sides.call(operator, out, self, a, b, c.beta, c.alpha)) {
                sides.assertEqual(out, c.tolerance());
            } else {
                assertEquals(DType.UINT8, c.a.dtype());
            }
        }
    }

    /** The result takes the place of the summand, as where a buffer is used again. */
    @Property(seed = "7", tries = 700)
    void inPlace(@ForAll("matrices") Case c) {
        try (BothSides sides = new BothSides()) {
            var out = sides.output(c.out.with(c.a.values()));
            var a = sides.input(c.a);
            var b = sides.input(c.b);
            if (sides.call(ADDMM, out, out, a, b, c.beta, c.alpha)) {
                sides.assertEqual(out, c.tolerance());
            } else {
                assertEquals(DType.UINT8, c.a.dtype());
            }
        }
    }

    @Property(seed = "8", tries = 500)
    void activation(@ForAll("floats") Case c, @ForAll boolean gelu) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            assertTrue(
                    sides.call(
                            ACTIVATION,
                            sides.input(c.self),
                            sides.input(c.a),
                            sides.input(c.b),
                            c.beta,
                            c.alpha,
                            gelu ? 1 : 0,
                            result));
            sides.assertEqual(result, c.tolerance());
        }
    }

    @Provide
    Arbitrary<Case> vectors() {
        // libtorch's result for a matrix without elements has the sizes of self.
        Arbitrary<Long> size = TensorSpec.sizes(20).filter(s -> s > 0);
        return Combinators.combine(
                        Arbitraries.of(TYPES),
                        Arbitraries.of(Values.SMALL, Values.WHOLE),
                        size,
                        size)
                .flatAs(
                        (type, values, m, k) ->
                                Combinators.combine(
                                                broadcast(m)
                                                        .flatMap(
                                                                s ->
                                                                        TensorSpec.inputs(
                                                                                type, values, s)),
                                                TensorSpec.inputs(type, values, m, k),
                                                TensorSpec.inputs(type, values, k),
                                                Arbitraries.of(0., 1., 2., -1.),
                                                Arbitraries.of(0., 1., 2., -1.))
                                        .as(
                                                (self, a, b, be, al) ->
                                                        new Case(self, a, b, a, be, al)));
    }

    @Property(seed = "9", tries = 700)
    void addmv(@ForAll("vectors") Case c) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            var self = sides.input(c.self);
            var a = sides.input(c.a);
            var b = sides.input(c.b);
            if (sides.call(ADDMV, self, a, b, c.beta, c.alpha, result)) {
                sides.assertEqual(result, c.tolerance());
            } else {
                assertEquals(DType.UINT8, c.a.dtype());
            }
        }
    }

    @Example
    void refusesWhatDoesNotFit() {
        try (BothSides sides = new BothSides()) {
            var matrix = sides.input(TensorSpec.of(DType.FLOAT32, 3, 4));
            var square = sides.input(TensorSpec.of(DType.FLOAT32, 4, 4));
            var doubles = sides.input(TensorSpec.of(DType.FLOAT64, 4, 4));
            var flags = sides.input(TensorSpec.of(DType.BOOL, 4, 4));
            var batch = sides.input(TensorSpec.of(DType.FLOAT32, 2, 4, 4));
            var vector = sides.input(TensorSpec.of(DType.FLOAT32, 3));
            var out = sides.output(TensorSpec.of(DType.FLOAT32, 3, 4));
            refuses(sides, "float32 [4, 4]", MM, out, square, matrix);
            refuses(sides, "float64 [4, 4]", MM, out, matrix, doubles);
            refuses(sides, "bool [4, 4]", MM, flags, flags, flags);
            refuses(sides, "float32 [2, 4, 4]", MM, out, matrix, batch);
            refuses(sides, "float32 [3, 4]", BMM, out, matrix, batch);
            refuses(sides, "float32 [3, 4]", MM, out, square, square);
            refuses(sides, "float32 [3]", ADDMM, out, vector, matrix, square, 1., 1.);
            refuses(sides, "float64 [4, 4]", ADDMM, out, doubles, matrix, square, 1., 1.);
            refuses(sides, "float32 [3]", ADDMV, vector, matrix, vector, 1., 1., sides.result());
            refuses(
                    sides,
                    "float32 [3]",
                    ACTIVATION,
                    vector,
                    matrix,
                    square,
                    1.,
                    1.,
                    0,
                    sides.result());
            var bytes = sides.input(TensorSpec.of(DType.UINT8, 2, 2));
            refuses(sides, "-1.0", ADDMM, bytes, bytes, bytes, bytes, -1., 1.);
            refuses(sides, "NaN", ADDMM, bytes, bytes, bytes, bytes, 1., Double.NaN);
            refuses(sides, "no tensor", MM, 8L, matrix, square);
        }
    }

    private static void refuses(
            BothSides sides, String message, Operator operator, Object... arguments) {
        assertFalse(sides.callOurs(operator, arguments));
        assertTrue(sides.failure().getMessage().contains(message), sides.failure()::toString);
    }
}
