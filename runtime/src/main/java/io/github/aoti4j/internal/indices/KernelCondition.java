package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.indices.IndexRange.Range;
import io.github.aoti4j.internal.indices.KernelValue.Bounded;
import io.github.aoti4j.internal.indices.KernelValue.Element;
import io.github.aoti4j.internal.indices.KernelValue.Size;
import io.github.aoti4j.internal.indices.KernelValue.SomeElement;
import io.github.aoti4j.internal.indices.KernelValue.Wrapped;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The condition of an {@code AOTI_TORCH_CHECK}: a value between two bounds, of which one may be
 * missing ({@code indirect_assert} in {@code torch/_inductor/codegen/common.py} and {@code
 * cpp.py}).
 *
 * @param lower the least value that passes; null if there is none
 * @param upper the least value that is too large; null if there is none
 * @param lanes how many lanes are compared; null for all
 */
record KernelCondition(
        KernelValue value, SizeExpression lower, SizeExpression upper, SizeExpression lanes) {

    private static final int MAX_DEPTH = 16;

    /** Reads {@code AOTI_TORCH_CHECK}'s first argument and the bracket before it. */
    static KernelCondition parse(CppLexer lexer, KernelValues values, ExpressionParser expressions)
            throws NotUnderstood {
        lexer.expect("(");
        KernelCondition condition = new Parser(lexer, values, expressions).condition(0);
        if (!lexer.is(",")) {
            throw new NotUnderstood();
        }
        return condition;
    }

    /** Whether each value passes. */
    boolean holds() {
        return value instanceof Bounded(long min, long max)
                && (lower == null || (lower instanceof Literal(long least) && least <= min))
                && (upper == null || (upper instanceof Literal(long limit) && max < limit));
    }

    /** The parameter that the value is read from; -1 for none. */
    int source() {
        return value instanceof SomeElement(int parameter)
                ? parameter
                : load() == null ? -1 : load().parameter();
    }

    /** What is checked in a nest of loops; empty if it cannot be expressed. */
    Optional<IndexRange> index(List<KernelLoop> loops) {
        var range = range();
        if (range == null
                || !Affine.isFreeOfLoops(range.min())
                || !Affine.isFreeOfLoops(range.max())) {
            return Optional.empty();
        }
        var load = load();
        if (load == null) {
            return value instanceof Size(var number)
                    ? Affine.region(number, loops)
                            .map(region -> new IndexRange(-1, null, range, region))
                    : Optional.empty();
        }
        if (lanes != null && (load.lane() == null || !lanes.equals(load.lane().end()))) {
            return Optional.empty();
        }
        var all = new ArrayList<>(loops);
        if (load.lane() != null) {
            all.add(load.lane());
        }
        return Affine.region(load.index(), all)
                .map(region -> new IndexRange(load.parameter(), load.type(), range, region));
    }

    private KernelValue.Load load() {
        return switch (value) {
            case Element element -> element.load();
            case Wrapped wrapped -> wrapped.element().load();
            default -> null;
        };
    }

    /** The values of the element, or of the number, that pass. */
    private Range range() {
        return switch (value) {
            case Element(var _, var _, var shift) ->
                    new Range(minus(lower, shift), minus(below(upper), shift));
            case Size _ -> new Range(lower, below(upper));
            case Wrapped(Element(var _, var _, var shift), var size) ->
                    lower != null && KernelValue.isZero(lower) && size.equals(upper)
                            ? new Range(minus(negative(size), shift), minus(below(size), shift))
                            : null;
            default -> null;
        };
    }

    private static SizeExpression negative(SizeExpression size) {
        return size instanceof Literal(long value)
                ? new Literal(-value)
                : new Unary(Unary.Function.NEGATE, size);
    }

    private static SizeExpression below(SizeExpression bound) {
        return minus(bound, new Literal(1));
    }

    private static SizeExpression minus(SizeExpression bound, SizeExpression shift) {
        if (bound == null || KernelValue.isZero(shift)) {
            return bound;
        }
        return bound instanceof Literal(long a) && shift instanceof Literal(long b)
                ? new Literal(a - b)
                : new Binary(Binary.Operator.SUBTRACT, bound, shift);
    }

    private record Parser(CppLexer lexer, KernelValues values, ExpressionParser expressions) {
        KernelCondition condition(int depth) throws NotUnderstood {
            if (depth > MAX_DEPTH) {
                throw new NotUnderstood();
            }
            KernelCondition left = single(depth);
            return lexer.accept("&") ? both(left, single(depth)) : left;
        }

        private KernelCondition single(int depth) throws NotUnderstood {
            KernelCondition inner = lexer.is("(") ? inParentheses(depth) : comparisonOrMask(depth);
            if (lexer.accept(".")) {
                lexer.expect("all_masked", "(", ")");
            }
            return inner;
        }

        private KernelCondition inParentheses(int depth) throws NotUnderstood {
            lexer.expect("(");
            KernelCondition inner = condition(depth + 1);
            lexer.expect(")");
            return inner;
        }

        private KernelCondition comparisonOrMask(int depth) throws NotUnderstood {
            int start = lexer.start();
            if (!lexer.acceptAll("at", "::", "vec", "::", "VecMask")) {
                lexer.reset(start);
                return comparison();
            }
            lexer.skipTemplateArguments();
            if (!lexer.accept("::")) {
                return inParentheses(depth);
            }
            // Of all lanes true, the first ones replaced by a condition.
            lexer.expect("set", "(", "at", "::", "vec", "::", "VecMask");
            lexer.skipTemplateArguments();
            lexer.expect("::", "from", "(", "1", ")", ",");
            KernelCondition inner = condition(depth + 1);
            lexer.expect(",");
            SizeExpression count = expressions.parseInteger();
            lexer.expect(")");
            if (inner.lanes != null) {
                throw new NotUnderstood();
            }
            return new KernelCondition(inner.value, inner.lower, inner.upper, count);
        }

        private KernelCondition comparison() throws NotUnderstood {
            KernelValue left = values.operand();
            if (lexer.accept("<")) {
                return new KernelCondition(left, null, bound(), null);
            }
            lexer.expect("<=");
            return new KernelCondition(values.operand(), size(left), null, null);
        }

        private SizeExpression bound() throws NotUnderstood {
            return lexer.kind() == Kind.IDENTIFIER && lexer.is("at")
                    ? size(values.operand())
                    : expressions.parseInteger();
        }

        private static SizeExpression size(KernelValue value) throws NotUnderstood {
            if (value instanceof Size(var number)) {
                return number;
            }
            throw new NotUnderstood();
        }

        private static KernelCondition both(KernelCondition a, KernelCondition b)
                throws NotUnderstood {
            if (!a.value.equals(b.value)
                    || a.lower == null
                    || a.upper != null
                    || b.lower != null
                    || b.upper == null
                    || a.lanes != null
                    || b.lanes != null) {
                throw new NotUnderstood();
            }
            return new KernelCondition(a.value, a.lower, b.upper, null);
        }
    }
}
