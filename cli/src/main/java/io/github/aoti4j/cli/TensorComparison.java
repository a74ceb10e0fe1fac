package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import java.util.Arrays;
import java.util.Locale;

/**
 * Compares a tensor with an expected one. An element matches if |actual - expected| &lt;= atol +
 * rtol * |expected|; NaN matches NaN.
 */
final class TensorComparison {
    private final double rtol;
    private final double atol;
    private String description;
    private boolean comparable;
    private long mismatches;
    private double maxAbsolute;
    private double maxRelative;

    /** Compares; null tolerances stand for the defaults of the dtype, a null tensor for None. */
    TensorComparison(Tensor actual, Tensor expected, Double rtol, Double atol) {
        DType dtype = expected.dtype();
        this.rtol = rtol == null ? defaultRelative(dtype) : rtol;
        this.atol = atol == null ? defaultAbsolute(dtype) : atol;
        if (actual == null) {
            description = "is None, expected " + expected;
        } else if (actual.dtype() != dtype || !Arrays.equals(actual.shape(), expected.shape())) {
            description = "is " + type(actual) + ", expected " + type(expected);
        } else {
            comparable = true;
            compare(actual, expected);
            describe(actual);
        }
    }

    private void compare(Tensor actual, Tensor expected) {
        if (actual.dtype().isFloatingPoint() || actual.dtype().isComplex()) {
            double[] a = actual.toDoubleArray();
            double[] e = expected.toDoubleArray();
            for (int i = 0; i < a.length; i++) {
                compare(a[i], e[i]);
            }
        } else {
            long[] a = actual.toLongArray();
            long[] e = expected.toLongArray();
            for (int i = 0; i < a.length; i++) {
                compare(a[i], e[i]);
            }
        }
    }

    private void compare(double actual, double expected) {
        if (actual == expected || (Double.isNaN(actual) && Double.isNaN(expected))) {
            return;
        }
        double difference = Math.abs(actual - expected);
        // NaN on one side, and infinities that differ, count as an infinite difference.
        record(Double.isFinite(difference) ? difference : Double.POSITIVE_INFINITY, expected);
    }

    /** Integers are compared as such: beyond 2^53 different ones may be the same double. */
    private void compare(long actual, long expected) {
        if (actual != expected) {
            record(Math.max(Math.abs((double) actual - (double) expected), 1), (double) expected);
        }
    }

    private void record(double difference, double expected) {
        double magnitude = Math.abs(expected);
        if (difference == Double.POSITIVE_INFINITY || difference > atol + rtol * magnitude) {
            mismatches++;
        }
        maxAbsolute = Math.max(maxAbsolute, difference);
        maxRelative = Math.max(maxRelative, difference / magnitude);
    }

    private void describe(Tensor actual) {
        description =
                String.format(
                        Locale.ROOT,
                        "%s max abs diff %.3g, max rel diff %.3g: %s",
                        type(actual),
                        maxAbsolute,
                        maxRelative,
                        mismatches == 0
                                ? "ok"
                                : "%d of %d elements out of tolerance"
                                        .formatted(mismatches, actual.elementCount()));
    }

    private static String type(Tensor tensor) {
        return tensor.dtype().torchName() + Arrays.toString(tensor.shape());
    }

    boolean matches() {
        return comparable && mismatches == 0;
    }

    String description() {
        return description;
    }

    /**
     * As in {@code torch.testing.assert_close}; eight-bit floats, which it leaves out, get their
     * rounding step.
     */
    private static double defaultRelative(DType dtype) {
        return switch (dtype) {
            case FLOAT64, COMPLEX128 -> 1e-7;
            case FLOAT32, COMPLEX64 -> 1.3e-6;
            case FLOAT16, COMPLEX32 -> 1e-3;
            case BFLOAT16 -> 1.6e-2;
            case FLOAT8_E5M2, FLOAT8_E5M2FNUZ -> 0.25;
            case FLOAT8_E4M3FN, FLOAT8_E4M3FNUZ -> 0.125;
            default -> 0;
        };
    }

    /** As in {@code torch.testing.assert_close}. */
    private static double defaultAbsolute(DType dtype) {
        return switch (dtype) {
            case FLOAT64, COMPLEX128 -> 1e-7;
            case FLOAT32, COMPLEX64, FLOAT16, COMPLEX32, BFLOAT16 -> 1e-5;
            default -> 0;
        };
    }
}
