package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.util.List;
import java.util.Random;

/** Attention equals libtorch's: both results, their layouts, and values within some roundings. */
@Tag("libtorch")
class AttentionTest {
    private static final Operator ATTENTION =
            Operator.of("aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu");

    /** A call; what is random follows from the seed. */
    record Case(DType dtype, int mostLength, long seed) {}

    @Provide
    Arbitrary<Case> small() {
        return cases(Arbitraries.of(DType.FLOAT32, DType.FLOAT32, DType.FLOAT64), 24);
    }

    @Provide
    Arbitrary<Case> large() {
        return cases(Arbitraries.of(DType.FLOAT32, DType.FLOAT64), 200);
    }

    @Provide
    Arbitrary<Case> narrow() {
        return cases(Arbitraries.of(DType.BFLOAT16, DType.FLOAT16), 24);
    }

    private static Arbitrary<Case> cases(Arbitrary<DType> dtypes, int mostLength) {
        return Combinators.combine(dtypes, Arbitraries.longs())
                .as((dtype, seed) -> new Case(dtype, mostLength, seed));
    }

    @Property(seed = "1", tries = 1500)
    void equalsLibTorchs(@ForAll("small") Case c) {
        compare(c, 64);
    }

    @Property(seed = "2", tries = 20)
    void blocksOfKeysEqualLibTorchs(@ForAll("large") Case c) {
        compare(c, 256);
    }

    /** libtorch rounds the weights, too. */
    @Property(seed = "3", tries = 300)
    void narrowOnesEqualLibTorchs(@ForAll("narrow") Case c) {
        compare(c, 6);
    }

    private static void compare(Case c, double roundings) {
        Random random = new Random(c.seed());
        long batch = 1L + random.nextInt(3);
        long heads = 1L + random.nextInt(4);
        long length = 1L + random.nextInt(c.mostLength());
        long keys = 1L + random.nextInt(c.mostLength());
        long width = 1L + random.nextInt(random.nextInt(4) == 0 ? 80 : 16);
        if (c.mostLength() > 100) {
            batch = 1;
            heads = 1;
            keys += 1000;
        }
        try (BothSides sides = new BothSides()) {
            TestTensor q = sides.input(operand(c, random, batch, heads, length, width));
            TestTensor k = sides.input(operand(c, random, batch, heads, keys, width));
            TestTensor v = sides.input(operand(c, random, batch, heads, keys, width));
            TestTensor mask = null;
            if (random.nextInt(3) > 0) {
                boolean two = random.nextBoolean();
                long[] sizes = {
                    random.nextBoolean() ? 1 : batch,
                    random.nextBoolean() ? 1 : heads,
                    random.nextInt(4) == 0 ? 1 : length,
                    random.nextInt(4) == 0 ? 1 : keys
                };
                DType dtype = DType.FLOAT32;
                if (c.dtype() == DType.FLOAT64 || random.nextBoolean()) {
                    dtype = c.dtype();
                }
                TensorSpec spec =
                        two
                                ? TensorSpec.of(dtype, sizes[2], sizes[3])
                                : TensorSpec.of(dtype, sizes);
                List<Layout> layouts = Layout.GENERAL;
                mask =
                        sides.input(
                                spec.withSeed(random.nextLong())
                                        .with(layouts.get(random.nextInt(layouts.size())))
                                        .with(random.nextBoolean() ? Values.SMALL : Values.MASK));
            }
            int causal = random.nextInt(3) == 0 ? 1 : 0;
            // Of a negative scale and the causal mask libtorch makes NaN.
            double least = causal == 0 ? -2 : 0.01;
            Double scale = random.nextBoolean() ? null : least + random.nextDouble() * 2;
            BothSides.Result output = sides.result();
            BothSides.Result sums = sides.result();
            if (sides.call(
                    ATTENTION,
                    q,
                    k,
                    v,
                    0.0,
                    causal,
                    sides.optional(mask),
                    sides.optional(scale),
                    output,
                    sums)) {
                sides.assertEqual(output, Tolerance.of(c.dtype(), roundings, 1));
                sides.assertEqual(sums, Tolerance.of(c.dtype(), roundings, 1));
            }
        }
    }

    /** Heads outside the rows or inside, with gaps or repeated; the last dimension is dense. */
    private static TensorSpec operand(
            Case c, Random random, long batch, long heads, long length, long width) {
        return new TensorSpec(
                c.dtype(),
                List.of(batch, heads, length, width),
                List.of(
                                Layout.CONTIGUOUS,
                                Layout.OFFSET,
                                Layout.HEADS_INSIDE,
                                Layout.HEADS_INSIDE,
                                Layout.ROWS_APART,
                                Layout.REPEATED)
                        .get(random.nextInt(6)),
                Values.SMALL,
                random.nextLong());
    }

    /** libtorch ends the process for these. */
    @Example
    void nothingIsAttendedTo() {
        for (long length : new long[] {0, 3}) {
            for (long keys : new long[] {0, 4}) {
                try (BothSides sides = new BothSides()) {
                    BothSides.Result output = sides.result();
                    BothSides.Result sums = sides.result();
                    TensorSpec key = TensorSpec.of(DType.FLOAT32, 2, 3, keys, 5);
                    assertTrue(
                            sides.callOurs(
                                    ATTENTION,
                                    sides.input(TensorSpec.of(DType.FLOAT32, 2, 3, length, 5)),
                                    sides.input(key),
                                    sides.input(key),
                                    0.0,
                                    0,
                                    sides.optional((TestTensor) null),
                                    sides.optional((Double) null),
                                    output,
                                    sums));
                    assertEquals(30 * length, Tensors.count(output.ours()));
                    assertEquals(6 * length, Tensors.count(sums.ours()));
                    if (length > 0 && keys == 0) {
                        assertEquals(0f, TensorComparison.sumOfMagnitudes(output.ours()));
                        assertEquals(0f, TensorComparison.sumOfMagnitudes(sums.ours()));
                    }
                }
            }
        }
    }
}
