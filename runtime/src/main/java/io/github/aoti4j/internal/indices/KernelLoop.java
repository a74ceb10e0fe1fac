package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;

/**
 * A loop of a generated kernel: {@code for (x = start; x < end; x += step) if (from <= x && x <
 * to)}.
 *
 * @param variable x; null once it does not matter
 * @param from null if there is no condition
 * @param to null if there is no condition
 */
record KernelLoop(
        Symbol variable,
        SizeExpression start,
        SizeExpression end,
        long step,
        SizeExpression from,
        SizeExpression to) {
    boolean isOf(String name) {
        return variable.name().equals(name);
    }

    /** Whether it is certain that there is a pass. */
    boolean isNeverEmpty() {
        return start instanceof Literal(long first)
                && end instanceof Literal(long last)
                && first < last
                && (from == null || (from instanceof Literal(long least) && least <= first))
                && (to == null || (to instanceof Literal(long limit) && first < limit));
    }

    /** The same with a condition around its body. */
    KernelLoop within(SizeExpression least, SizeExpression limit) {
        return new KernelLoop(variable, start, end, step, least, limit);
    }
}
