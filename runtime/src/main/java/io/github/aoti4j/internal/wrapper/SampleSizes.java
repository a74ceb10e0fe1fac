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
    private final long[] ones;
    private final long[] twos;

    /** All different; null if a symbol divides by zero. */
    private final long[] different;

    SampleSizes(List<SizeSymbol> symbols) {
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

    /** The value for symbols of 2. Throws ArithmeticException for a division by zero. */
    long forTwos(SizeExpression expression) {
        return expression.toLong(twos);
    }

    /** The value for symbols of 1. Throws ArithmeticException for a division by zero. */
    long forOnes(SizeExpression expression) {
        return expression.toLong(ones);
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
