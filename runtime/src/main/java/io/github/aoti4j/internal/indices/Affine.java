package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary.Operator;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.indices.IndexRange.Region;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An index as a constant and a multiple of each loop variable, a symbol with a negative slot. */
final class Affine {
    private static final int MAX_LOOPS = 8;

    /** In the expressions of one region. */
    private static final int MAX_NODES = 1000;

    private SizeExpression constant = new Literal(0);

    /** By the loop variables' slots. */
    private final Map<Integer, SizeExpression> factors = new TreeMap<>();

    private Affine() {}

    /** The elements that an index selects in a nest of loops; empty if it is not of this form. */
    static Optional<Region> region(SizeExpression index, List<KernelLoop> loops) {
        var sum = new Affine();
        if (loops.size() > MAX_LOOPS || !sum.add(index, new Literal(1))) {
            return Optional.empty();
        }
        var steps = new ArrayList<SizeExpression>();
        for (KernelLoop loop : loops) {
            if (!isFreeOfLoops(loop)) {
                return Optional.empty();
            }
            SizeExpression step = sum.factors.remove(loop.variable().slot());
            steps.add(step == null ? new Literal(0) : step);
        }
        // What is left belongs to a loop that is not around the check.
        return sum.factors.isEmpty() && isSmall(sum.constant, steps)
                ? Optional.of(new Region(sum.constant, List.copyOf(steps), List.copyOf(loops)))
                : Optional.empty();
    }

    private static boolean isFreeOfLoops(KernelLoop loop) {
        return isFreeOfLoops(loop.start())
                && isFreeOfLoops(loop.end())
                && isFreeOfLoops(loop.from())
                && isFreeOfLoops(loop.to());
    }

    /** Whether no loop variable is in an expression, which may be null. */
    static boolean isFreeOfLoops(SizeExpression expression) {
        return switch (expression) {
            case null -> true;
            case Symbol(var _, int slot) -> slot >= 0;
            case Unary(var _, var operand) -> isFreeOfLoops(operand);
            case Binary(var _, var left, var right) -> isFreeOfLoops(left) && isFreeOfLoops(right);
            default -> true;
        };
    }

    private boolean add(SizeExpression term, SizeExpression factor) {
        if (isFreeOfLoops(term)) {
            constant = plus(constant, times(term, factor));
            return true;
        }
        return switch (term) {
            case Symbol(var _, int slot) -> {
                factors.merge(slot, factor, Affine::plus);
                yield true;
            }
            case Unary(Unary.Function function, var operand) ->
                    function == Unary.Function.NEGATE
                            && add(operand, times(new Literal(-1), factor));
            case Binary(Operator operator, var left, var right) ->
                    switch (operator) {
                        case ADD -> add(left, factor) && add(right, factor);
                        case SUBTRACT ->
                                add(left, factor) && add(right, times(new Literal(-1), factor));
                        case MULTIPLY ->
                                isFreeOfLoops(left)
                                        ? add(right, times(left, factor))
                                        : isFreeOfLoops(right) && add(left, times(right, factor));
                        default -> false;
                    };
            default -> false;
        };
    }

    private static SizeExpression plus(SizeExpression a, SizeExpression b) {
        if (KernelValue.isZero(a)) {
            return b;
        }
        return KernelValue.isZero(b) ? a : new Binary(Operator.ADD, a, b);
    }

    private static SizeExpression times(SizeExpression a, SizeExpression b) {
        if (a instanceof Literal(long x)) {
            if (b instanceof Literal(long y)) {
                return new Literal(x * y);
            }
            return x == 1 ? b : x == 0 ? a : new Binary(Operator.MULTIPLY, a, b);
        }
        return b instanceof Literal ? times(b, a) : new Binary(Operator.MULTIPLY, a, b);
    }

    private static boolean isSmall(SizeExpression offset, List<SizeExpression> steps) {
        int rest = rest(offset, MAX_NODES);
        for (SizeExpression step : steps) {
            rest = rest(step, rest);
        }
        return rest > 0;
    }

    /** What is left of a number of nodes, or a number that is not positive. */
    static int rest(SizeExpression expression, int nodes) {
        if (nodes <= 0) {
            return 0;
        }
        return switch (expression) {
            case Unary(var _, var operand) -> rest(operand, nodes - 1);
            case Binary(var _, var left, var right) -> rest(right, rest(left, nodes - 1));
            default -> nodes - 1;
        };
    }
}
