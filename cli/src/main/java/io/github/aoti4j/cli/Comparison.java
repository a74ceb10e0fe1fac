package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import java.util.Arrays;
import java.util.Locale;

/**
 * How one output compares with what was expected.
 *
 * @param problem what keeps the two from being compared at all, or null
 * @param subject what is compared, for people
 * @param mismatches elements out of tolerance
 * @param elements all elements
 * @param maxAbsolute the largest absolute difference
 * @param maxRelative the largest difference relative to the expected element
 */
record Comparison(
        String problem,
        String subject,
        long mismatches,
        long elements,
        double maxAbsolute,
        double maxRelative) {

    /**
     * Compares.
     *
     * @param rtol null for the dtype's default
     * @param atol null for the dtype's default
     */
    static Comparison of(Tensor actual, Tensor expected, Double rtol, Double atol) {
        if (actual == null) {
            return incomparable("is None, expected " + expected);
        }
        if (actual.dtype() != expected.dtype()
                || !Arrays.equals(actual.shape(), expected.shape())) {
            return incomparable("is " + describe(actual) + ", expected " + describe(expected));
        }
        DType dtype = actual.dtype();
        Differences differences =
                new Differences(
                        rtol == null ? Differences.defaultRelative(dtype) : rtol,
                        atol == null ? Differences.defaultAbsolute(dtype) : atol);
        if (dtype.isFloatingPoint() || dtype.isComplex()) {
            double[] a = actual.toDoubleArray();
            double[] e = expected.toDoubleArray();
            for (int i = 0; i < a.length; i++) {
                differences.add(a[i], e[i]);
            }
        } else {
            long[] a = actual.toLongArray();
            long[] e = expected.toLongArray();
            for (int i = 0; i < a.length; i++) {
                differences.add(a[i], e[i]);
            }
        }
        return new Comparison(
                null,
                describe(actual),
                differences.mismatches(),
                actual.elementCount(),
                differences.maxAbsolute(),
                differences.maxRelative());
    }

    private static Comparison incomparable(String problem) {
        return new Comparison(problem, "", 0, 0, 0, 0);
    }

    private static String describe(Tensor tensor) {
        return tensor.dtype().torchName() + Arrays.toString(tensor.shape());
    }

    boolean matches() {
        return problem == null && mismatches == 0;
    }

    String describe() {
        if (problem != null) {
            return problem;
        }
        String verdict =
                mismatches == 0
                        ? "ok"
                        : "%d of %d elements out of tolerance".formatted(mismatches, elements);
        return String.format(
                Locale.ROOT,
                "%s max abs diff %.3g, max rel diff %.3g: %s",
                subject,
                maxAbsolute,
                maxRelative,
                verdict);
    }
}
