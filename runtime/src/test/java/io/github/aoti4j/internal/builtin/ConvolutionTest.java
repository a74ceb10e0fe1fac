package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.core.DType;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Convolutions equal libtorch's: sizes, layout and values, within some roundings of the sum of the
 * products' magnitudes.
 */
@Tag("libtorch")
class ConvolutionTest {
    private static final Operator CONVOLUTION = Operator.of("aoti_torch_cpu_convolution");

    /** A call; what is random follows from the seed. */
    record Case(int dimensions, DType dtype, boolean transposed, long seed) {}

    @Provide
    Arbitrary<Case> cases() {
        return cases(Arbitraries.of(DType.FLOAT32, DType.FLOAT64, DType.FLOAT64));
    }

    @Provide
    Arbitrary<Case> narrowCases() {
        return cases(Arbitraries.of(DType.BFLOAT16, DType.FLOAT16)).filter(c -> c.dimensions() < 3);
    }

    private static Arbitrary<Case> cases(Arbitrary<DType> dtypes) {
        return Combinators.combine(
                        Arbitraries.of(1, 2, 2, 2, 3),
                        dtypes,
                        Arbitraries.of(false, false, true),
                        Arbitraries.longs())
                .as(Case::new);
    }

    @Property(seed = "14", tries = 1000)
    void equalsLibTorchs(@ForAll("cases") Case c) {
        compare(c, 16);
    }

    /** libtorch may round more than once, too. */
    @Property(seed = "15", tries = 300)
    void narrowOnesEqualLibTorchs(@ForAll("narrowCases") Case c) {
        compare(c, 4);
    }

    private static void compare(Case c, double roundings) {
        Random random = new Random(c.seed());
        int n = c.dimensions();
        long groups = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        long channels = groups * (1 + random.nextInt(5));
        long filters = groups * (1 + random.nextInt(5));
        if (random.nextInt(8) == 0) {
            // One channel and one filter in each group.
            groups = 1L + random.nextInt(300);
            channels = groups;
            filters = groups;
        }
        long[] input = new long[n + 2];
        long[] weight = new long[n + 2];
        input[0] = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(3);
        input[1] = channels;
        weight[0] = c.transposed() ? channels : filters;
        weight[1] = (c.transposed() ? filters : channels) / groups;
        for (int d = 2; d < n + 2; d++) {
            input[d] = 1L + random.nextInt(n == 1 ? 30 : n == 2 ? 12 : 6);
            weight[d] = 1L + random.nextInt(random.nextInt(4) == 0 ? 7 : 3);
        }
        if (random.nextInt(20) == 0) {
            int which = random.nextInt(n + 2);
            (random.nextBoolean() ? input : weight)[which] = random.nextInt(3);
        }
        if (n == 3 && weight[3] == 1 && weight[4] == 1) {
            // Which of its implementations libtorch takes, and so the layout, is up to its threads.
            weight[4] = 2;
        }
        try (BothSides sides = new BothSides()) {
            List<Layout> layouts = Layout.GENERAL;
            TestTensor x =
                    sides.input(
                            TensorSpec.of(c.dtype(), input)
                                    .withSeed(random.nextLong())
                                    .with(layouts.get(random.nextInt(layouts.size()))));
            TestTensor w =
                    sides.input(
                            TensorSpec.of(c.dtype(), weight)
                                    .withSeed(random.nextLong())
                                    .with(layouts.get(random.nextInt(layouts.size()))));
            TestTensor b =
                    random.nextBoolean()
                            ? null
                            : sides.input(
                                    TensorSpec.of(c.dtype(), filters)
                                            .withSeed(random.nextLong())
                                            .with(layouts.get(random.nextInt(layouts.size()))));
            BothSides.Result y = sides.result();
            long[] stride = list(random, n, 1, 3);
            long[] padding = list(random, n, 0, 3);
            long[] dilation = list(random, n, 1, 3);
            long[] outputPadding = list(random, n, 0, c.transposed() ? 2 : 1);
            if (sides.callOrRefuseEmpty(
                    CONVOLUTION,
                    x,
                    w,
                    sides.optional(b),
                    sides.longs(stride),
                    (long) stride.length,
                    sides.longs(padding),
                    (long) padding.length,
                    sides.longs(dilation),
                    (long) dilation.length,
                    c.transposed() ? 1 : 0,
                    sides.longs(outputPadding),
                    (long) outputPadding.length,
                    groups,
                    y)) {
                double products = Arrays.stream(weight).reduce(1, (p, q) -> p * q);
                sides.assertEqual(
                        y, Tolerance.of(c.dtype(), roundings, Math.max(1, Math.sqrt(products))));
            }
        }
    }

    private static long[] list(Random random, int n, int least, int kinds) {
        long[] values = new long[random.nextInt(3) == 0 ? 1 : n];
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) least + (random.nextBoolean() ? 0 : random.nextInt(kinds));
        }
        return values;
    }
}
