package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeSymbol;

import java.util.Arrays;
import java.util.List;

/**
 * Values for the symbols of a source, to try expressions with. Made once for all inputs: there may
 * be as many symbols as inputs.
 */
final class SampleSizes {
    private final long[] zeros;
    private final long[] ones;
    private final long[] twos;

    /** All different; null if a symbol divides by zero. */
    private final long[] different;

    SampleSizes(List<SizeSymbol> symbols) {
        zeros = new long[symbols.size()];
        ones = new long[symbols.size()];
        twos = new long[symbols.size()];
        Arrays.fill(ones, 1);
        Arrays.fill(twos, 2);
        long[] values = new long[symbols.size()];
        try {
            for (var symbol : symbols) {
                var definition = symbol.definition();
                values[symbol.slot()] =
                        definition.isPresent() ? definition.get().toLong(values) : sample(symbol);
            }
        } catch (ArithmeticException _) {
            values = null;
        }
        different = values;
    }

    /** A size, or a much larger stride, that no other symbol has. */
    private static long sample(SizeSymbol symbol) {
        boolean isStride = symbol.extent().orElseThrow().isStride();
        return 2L * symbol.slot() + (isStride ? 10_000_019L : 1009L);
    }

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
    long acceptedMinimum(long declared, SizeExpression size) {
        return declared < 2 ? declared : minimum(declared, size, 1, ones);
    }

    /**
     * Returns the smallest size that is accepted if inputs may be empty: what {@link
     * #acceptedMinimum} would be if export had assumed every dynamic size to be at least 0.
     */
    long emptyMinimum(long declared, SizeExpression size) {
        return declared < 2 ? 0 : minimum(declared, size, 0, zeros);
    }

    private long minimum(long declared, SizeExpression size, long least, long[] sample) {
        if (declared == 2) {
            return least;
        }
        if (!size.isKnown()) {
            return declared;
        }
        try {
            return size.toLong(twos) == declared
                    ? Math.clamp(size.toLong(sample), least, declared)
                    : declared;
        } catch (ArithmeticException _) {
            return declared;
        }
    }

    /**
     * Returns whether a stride is required that a row-major tensor does not have. Formulas are
     * compared by their values for one choice of sizes, all different: a coincidence would only
     * leave the strides out of a description.
     */
    boolean requireOtherStrides(List<DimensionSpec> dimensions) {
        if (different == null) {
            return true;
        }
        try {
            long rowMajor = 1;
            for (var dimension : dimensions.reversed()) {
                if (dimension.stride().isKnown()
                        && !(dimension.size() instanceof Literal(long n) && n == 1)
                        && dimension.stride().toLong(different) != rowMajor) {
                    return true;
                }
                if (!dimension.size().isKnown()) {
                    return false;
                }
                rowMajor *= Math.max(dimension.size().toLong(different), 1);
            }
            return false;
        } catch (ArithmeticException _) {
            return true;
        }
    }
}
