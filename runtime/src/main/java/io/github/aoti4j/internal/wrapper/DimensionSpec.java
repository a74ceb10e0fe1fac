package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.internal.cpp.SizeExpression;

/**
 * What a model requires of one dimension of an input.
 *
 * @param min the smallest size that is accepted; see {@link #acceptedMinimum}
 * @param max {@link Long#MAX_VALUE} if there is no bound
 * @param size what it must equal; unknown if only the range is checked
 * @param stride in elements; unknown if any will do
 */
public record DimensionSpec(long min, long max, SizeExpression size, SizeExpression stride) {
    /**
     * Returns the smallest size that is accepted where PyTorch's own check declares a smallest one.
     *
     * <p>Export compiles with every dynamic size assumed to be at least 2, and the check in the
     * source repeats that, also where the range was declared to begin at 0 or 1. An exported
     * program itself enforces a minimum only if it is greater than 2 ({@code _check_symint} in
     * {@code torch/_export/utils.py}: "we allow dimensions to be 0/1 at runtime"), so 2 says
     * nothing. We accept 1, which the compiled code computes as any other size, and refuse 0, since
     * it may divide by a size. A range that was declared to begin at 2 cannot be told from these.
     *
     * <p>The same assumption makes the minimum of a derived size, such as 4 for {@code 2*s}: where
     * the bound is the expression's value for symbols of 2, its value for symbols of 1 replaces it.
     */
    static long acceptedMinimum(long declared, SizeExpression size, SampleSizes samples) {
        if (declared == 2) {
            return 1;
        }
        if (declared < 2 || !size.isKnown()) {
            return declared;
        }
        try {
            return samples.forTwos(size) == declared
                    ? Math.clamp(samples.forOnes(size), 1, declared)
                    : declared;
        } catch (ArithmeticException _) {
            return declared;
        }
    }

    /** Describes the size: {@code 10}, {@code s77: 1..1024}, {@code ?: 4..}. */
    String describeSize() {
        if (size instanceof SizeExpression.Literal(long value)) {
            return Long.toString(value);
        }
        String name = size.text().isEmpty() ? "?" : size.text();
        if (min == 0 && max == Long.MAX_VALUE) {
            return name;
        }
        return name + ": " + min + ".." + (max == Long.MAX_VALUE ? "" : max);
    }
}
