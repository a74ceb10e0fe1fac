package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.internal.cpp.SizeExpression;

/**
 * What a model requires of one dimension of an input.
 *
 * @param min the smallest size that is accepted; see {@link SampleSizes#acceptedMinimum}
 * @param emptyMin the same where inputs may be empty; see {@link SampleSizes#emptyMinimum}
 * @param max {@link Long#MAX_VALUE} if there is no bound
 * @param size what it must equal; unknown if only the range is checked
 * @param stride in elements; unknown if any will do
 */
public record DimensionSpec(
        long min, long emptyMin, long max, SizeExpression size, SizeExpression stride) {
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
