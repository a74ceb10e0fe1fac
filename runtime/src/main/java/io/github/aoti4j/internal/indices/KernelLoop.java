package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;

/**
 * A loop of a generated kernel: {@code for (x = start; x < end; x += step)}, of which only the
 * passes from {@code from} on and before {@code to} count.
 *
 * @param variable x; null once it does not matter
 * @param end the first that it does not reach
 * @param from the least value that counts; null for all
 * @param to the least value that is too large to count; null for all
 */
record KernelLoop(
        Symbol variable,
        SizeExpression start,
        SizeExpression end,
        long step,
        SizeExpression from,
        SizeExpression to) {
    /** Whether it is certain that a pass counts. */
    boolean isNeverEmpty() {
        return start instanceof Literal(long first)
                && end instanceof Literal(long last)
                && first < last
                && (from == null || (from instanceof Literal(long least) && least <= first))
                && (to == null || (to instanceof Literal(long limit) && first < limit));
    }

    /** The same with a condition around its body. */
    KernelLoop within(SizeExpression least, SizeExpression tooLarge) {
        return new KernelLoop(variable, start, end, step, least, tooLarge);
    }
}
