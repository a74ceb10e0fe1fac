package io.github.aoti4j.stress.calls;

import io.github.aoti4j.core.Engine;
import io.github.aoti4j.testing.Checkout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Models that are attacked, and what each computes, again in Java. All tensors are float32. */
enum Subject {
    /** {@code x + 1}. */
    ADD_ONE("add_one/add_one.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            return new long[][] {{8, 10}};
        }

        @Override
        List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights) {
            return List.of(plus(inputs[0], 1));
        }
    },

    /** The input, the same flat, and its rows but for the first. */
    IDENTITY("identity/identity.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            return new long[][] {{3, 4}};
        }

        @Override
        List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights) {
            float[] rest = new float[8];
            System.arraycopy(inputs[0], 4, rest, 0, 8);
            return List.of(inputs[0], inputs[0], rest);
        }
    },

    /** Adds 1 to the input where it lies, and gives the sum. */
    MUTATES("mutates_input/mutates_input.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            return new long[][] {{3, 4}};
        }

        @Override
        List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights) {
            float sum = 0;
            for (float x : plus(inputs[0], 1)) {
                sum += x;
            }
            return List.of(new float[] {sum});
        }
    },

    /** Sizes that several inputs share. */
    SHARED_BATCH("shared_batch/shared_batch.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            long n = random.nextLong(1, 33);
            long k = random.nextLong(4, 65);
            return new long[][] {{n, 3}, {n, 3}, {2 * n}, {k}, {n, k}};
        }

        @Override
        List<float[]> answer(float[][] in, long[][] shapes, Weights weights) {
            float[] products = new float[in[0].length];
            for (int i = 0; i < products.length; i++) {
                int row = i / 3;
                products[i] = in[0][i] * in[1][i] + (in[2][2 * row] + in[2][2 * row + 1]);
            }
            int k = in[3].length;
            float[] sums = new float[k];
            float[] grid = new float[in[4].length];
            double sum = 0;
            for (int i = 0; i < k; i++) {
                sum += in[3][i];
                sums[i] = (float) sum;
            }
            for (int i = 0; i < grid.length; i++) {
                grid[i] = in[4][i] + in[3][i % k];
            }
            return List.of(products, sums, grid);
        }
    },

    /** The weights themselves, and a product with them. */
    WEIGHTS("returns_weight/blob.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            return new long[][] {{3, 12}};
        }

        @Override
        List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights) {
            float[] w = weights.weight();
            float[] transposed = new float[48];
            float[] product = new float[12];
            for (int i = 0; i < 12; i++) {
                for (int j = 0; j < 4; j++) {
                    transposed[12 * j + i] = w[4 * i + j];
                    for (int row = 0; row < 3; row++) {
                        product[4 * row + j] += inputs[0][12 * row + i] * w[4 * i + j];
                    }
                }
            }
            return List.of(w, transposed, weights.spectrum(), product);
        }
    },

    /** Calls an operator that is written in Java, twice. */
    CALLS_BACK("custom_scale_add/custom_scale_add.pt2") {
        @Override
        long[][] shapes(SplittableRandom random) {
            return new long[][] {{random.nextLong(1, 65), 12}};
        }

        @Override
        List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights) {
            float[] x = inputs[0];
            float[] y = new float[x.length];
            float[] z = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                y[i] = x[i] * 2.5f + 2;
                z[i] = -(((x[i] + y[i]) * 0.5f + (shapes[0][0] + 4)) / 2) + weights.bias()[i % 12];
            }
            return List.of(plus(y, 1), z);
        }
    };

    /**
     * What the weights may be at some time.
     *
     * @param weight of {@link #WEIGHTS}
     * @param spectrum of {@link #WEIGHTS}, real and imaginary parts
     * @param bias of {@link #CALLS_BACK}
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    record Weights(float[] weight, float[] spectrum, float[] bias) {}

    static final Path FIXTURES = Checkout.fixtures();

    private final String file;

    Subject(String file) {
        this.file = file;
    }

    Path path() {
        return FIXTURES.resolve(file);
    }

    /** One of the engines that can run it: all run in one process. */
    Engine engine(SplittableRandom random) {
        return this == CALLS_BACK || random.nextBoolean() ? Engine.LIBTORCH : Engine.BUILT_IN;
    }

    /** Sizes that fit. */
    abstract long[][] shapes(SplittableRandom random);

    /** The outputs, in row-major order. */
    abstract List<float[]> answer(float[][] inputs, long[][] shapes, Weights weights);

    private static float[] plus(float[] values, float more) {
        float[] sums = values.clone();
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more;
        }
        return sums;
    }

    /** Which outputs are wrong: none, or what is to be said of them. */
    static List<String> differences(List<float[]> expected, List<float[]> actual) {
        List<String> differences = new ArrayList<>();
        if (expected.size() != actual.size()) {
            return List.of(actual.size() + " outputs in place of " + expected.size());
        }
        for (int i = 0; i < expected.size(); i++) {
            float[] e = expected.get(i);
            float[] a = actual.get(i);
            if (e.length != a.length) {
                differences.add(
                        "output %d has %d elements, not %d".formatted(i, a.length, e.length));
            }
            for (int k = 0; differences.isEmpty() && k < e.length; k++) {
                if (!isNear(e[k], a[k])) {
                    differences.add("output %d[%d] is %s, not %s".formatted(i, k, a[k], e[k]));
                }
            }
        }
        return differences;
    }

    /** Sums of float32 in another order. */
    private static boolean isNear(float expected, float actual) {
        return Float.compare(expected, actual) == 0
                || Math.abs(expected - actual) <= 1e-3f + 1e-3f * Math.abs(expected)
                || (!Float.isFinite(expected) && !Float.isFinite(actual));
    }
}
