package io.github.aoti4j.internal.indices;

import static io.github.aoti4j.internal.cpp.NotUnderstood.unlessNull;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.indices.KernelValue.Bounded;
import io.github.aoti4j.internal.indices.KernelValue.Element;
import io.github.aoti4j.internal.indices.KernelValue.Load;
import io.github.aoti4j.internal.indices.KernelValue.Negative;
import io.github.aoti4j.internal.indices.KernelValue.Size;
import io.github.aoti4j.internal.indices.KernelValue.SomeElement;

/**
 * Reads the expressions of generated kernels that indices go through ({@code CppOverrides}, {@code
 * CppVecOverrides} and {@code CppVecKernel} in {@code torch/_inductor/codegen/cpp.py}): elements,
 * casts, sums, the choice of {@code v + size} where v is negative, and the copies of vectors
 * through arrays.
 */
final class KernelValues {
    private static final int MAX_DEPTH = 32;
    private static final Literal ZERO = new Literal(0);

    private final CppLexer lexer;
    private final KernelScope scope;
    private final ExpressionParser expressions;
    private int depth;

    KernelValues(CppLexer lexer, KernelScope scope, ExpressionParser expressions) {
        this.lexer = lexer;
        this.scope = scope;
        this.expressions = expressions;
    }

    /** Reads an expression from its start. */
    KernelValue parse() throws NotUnderstood {
        depth = 0;
        return value();
    }

    private KernelValue value() throws NotUnderstood {
        KernelValue condition = sum();
        if (lexer.accept("<")) {
            if (!(condition instanceof Element element)
                    || !(sum() instanceof Size(var bound))
                    || !KernelValue.isZero(bound)) {
                throw new NotUnderstood();
            }
            condition = new Negative(element);
        }
        if (!lexer.accept("?")) {
            return condition;
        }
        KernelValue yes = sum();
        lexer.expect(":");
        return unlessNull(KernelValue.select(condition, yes, sum()));
    }

    /** Reads an operand of a comparison from its start. */
    KernelValue operand() throws NotUnderstood {
        depth = 0;
        return sum();
    }

    private KernelValue sum() throws NotUnderstood {
        KernelValue left = primary();
        while (lexer.accept("+")) {
            left = unlessNull(KernelValue.add(left, primary()));
        }
        return left;
    }

    private KernelValue primary() throws NotUnderstood {
        if (++depth > MAX_DEPTH) {
            throw new NotUnderstood();
        }
        KernelValue result;
        if (lexer.is("(")) {
            result = inParentheses();
        } else if (lexer.is("[")) {
            result = lambda();
        } else if (lexer.kind() == Kind.NUMBER) {
            result = new Size(new Literal(lexer.expectInteger()));
        } else {
            result = named(lexer.expectIdentifier());
        }
        depth--;
        return result;
    }

    private KernelValue named(String name) throws NotUnderstood {
        return switch (name) {
            case "static_cast" -> cast();
            case "c10" -> {
                lexer.expect("::", "convert");
                yield cast();
            }
            case "decltype" -> ofType();
            case "at" -> vector();
            case "remainder_integral", "max_propagate_nan", "min_propagate_nan" -> bounded(name);
            default -> {
                DType type = KernelValue.TYPES.get(name);
                yield type != null && lexer.is("(") ? convert(type) : variable(name);
            }
        };
    }

    private DType type() throws NotUnderstood {
        return unlessNull(KernelValue.TYPES.get(lexer.expectIdentifier()));
    }

    /** {@code <int64_t>(x)}. */
    private KernelValue cast() throws NotUnderstood {
        lexer.expect("<");
        DType type = type();
        lexer.expect(">");
        return convert(type);
    }

    /** {@code (x)} behind the name of a type: of sizes and loop variables, or of a value. */
    private KernelValue convert(DType type) throws NotUnderstood {
        int start = lexer.start();
        lexer.expect("(");
        SizeExpression number = expressions.parse();
        if (number.isInteger() && lexer.accept(")")) {
            return unlessNull(new Size(number).convert(type));
        }
        lexer.reset(start);
        return unlessNull(inParentheses().convert(type));
    }

    /** {@code decltype(tmp0)(x)} or {@code decltype(tmp4)::blendv(no, yes, condition)}. */
    private KernelValue ofType() throws NotUnderstood {
        lexer.expect("(");
        KernelValue like = scope.value(lexer.expectIdentifier());
        lexer.expect(")");
        if (lexer.accept("::")) {
            lexer.expect("blendv", "(");
            KernelValue no = value();
            lexer.expect(",");
            KernelValue yes = value();
            lexer.expect(",");
            KernelValue condition = value();
            lexer.expect(")");
            return unlessNull(KernelValue.select(condition, yes, no));
        }
        if (like instanceof Element(var _, DType type, var _)) {
            return unlessNull(inParentheses().convert(type));
        }
        throw new NotUnderstood();
    }

    /** What begins with {@code at::vec::}. */
    private KernelValue vector() throws NotUnderstood {
        lexer.expect("::", "vec", "::");
        String name = lexer.expectIdentifier();
        lexer.expect("<");
        DType type = type();
        // How many lanes; where it converts, also from which type.
        while (!lexer.accept(">")) {
            lexer.expect(",");
            if (lexer.acceptInteger() == null) {
                type();
            }
        }
        return switch (name) {
            case "Vectorized", "VectorizedN" ->
                    lexer.accept("::") ? loadVector(type) : convert(type);
            case "VecMask" -> inParentheses();
            case "convert" -> convert(type);
            default -> throw new NotUnderstood();
        };
    }

    /** {@code loadu(in_ptr0 + static_cast<int64_t>(x0), count)}. */
    private KernelValue loadVector(DType type) throws NotUnderstood {
        lexer.expect("loadu", "(");
        int parameter = scope.pointer(lexer.expectIdentifier());
        if (parameter < 0 || scope.pointee(parameter) != type) {
            throw new NotUnderstood();
        }
        lexer.expect("+");
        SizeExpression index = expressions.parseInteger();
        // Without a count as many as there are, which the type does not always say.
        lexer.expect(",");
        KernelLoop loop = scope.newLane("", expressions.parseInteger());
        lexer.expect(")");
        var each = new Binary(Binary.Operator.ADD, index, loop.variable());
        return new Element(new Load(parameter, type, each, loop), type, ZERO);
    }

    /** A remainder, or the greater or smaller of a value and a number. */
    private KernelValue bounded(String function) throws NotUnderstood {
        lexer.expect("(");
        var bounds = value() instanceof Bounded known ? known : Bounded.ANY;
        lexer.expect(",");
        KernelValue operand = value();
        lexer.expect(")");
        if (!(operand instanceof Size(Literal(long number)))) {
            throw new NotUnderstood();
        }
        return switch (function) {
            case "max_propagate_nan" ->
                    new Bounded(Math.max(bounds.min(), number), Math.max(bounds.max(), number));
            case "min_propagate_nan" ->
                    new Bounded(Math.min(bounds.min(), number), Math.min(bounds.max(), number));
            default -> number > 0 ? new Bounded(0, number - 1) : Bounded.ANY;
        };
    }

    private KernelValue variable(String name) throws NotUnderstood {
        int parameter = scope.pointer(name);
        if (parameter >= 0 && lexer.accept("[")) {
            return element(parameter);
        }
        KernelValue value = scope.value(name);
        if (value == null) {
            return new Size(unlessNull(scope.variable(name)));
        }
        if (lexer.accept("[")) {
            // An array that a vector was copied into, in a loop over its lanes.
            KernelLoop lane = scope.lane();
            if (lane == null
                    || !lane.isOf(lexer.expectIdentifier())
                    || hasOtherCount(value, lane.end())) {
                throw new NotUnderstood();
            }
            lexer.expect("]");
        } else if (lexer.accept(".")) {
            // The same bits as another type of mask.
            lexer.expect("template", "cast");
            lexer.skipTemplateArguments();
            lexer.expect("(", ")");
        }
        return value;
    }

    /** Whether a value was read from another number of lanes. */
    private static boolean hasOtherCount(KernelValue value, SizeExpression count) {
        return value.lane() != null && !value.lane().end().equals(count);
    }

    private KernelValue element(int parameter) throws NotUnderstood {
        DType type = unlessNull(scope.pointee(parameter));
        SizeExpression index = expressions.parse();
        lexer.expect("]");
        return index.isInteger()
                ? new Element(new Load(parameter, type, index, scope.lane()), type, ZERO)
                : new SomeElement(parameter);
    }

    /**
     * {@code [&] { __at_align__ std::array<int64_t, 16> tmpbuf; … }()}: a vector copied into an
     * array, or an array into a vector, element by element.
     */
    private KernelValue lambda() throws NotUnderstood {
        lexer.expect("[", "&", "]", "{", "__at_align__", "std", "::", "array", "<");
        type();
        lexer.expect(",");
        lexer.expectInteger();
        lexer.expect(">");
        String array = lexer.expectIdentifier();
        lexer.expect(";");
        KernelValue value = lexer.accept("for") ? eachLane(array) : stored(array);
        lexer.expect("}", "(", ")");
        return value;
    }

    /** {@code tmp0.store(tmpbuf.data(), count); return tmpbuf;}. */
    private KernelValue stored(String array) throws NotUnderstood {
        KernelValue value = unlessNull(scope.value(lexer.expectIdentifier()));
        lexer.expect(".", "store", "(", array, ".", "data", "(", ")");
        if (lexer.accept(",") && hasOtherCount(value, expressions.parseInteger())) {
            throw new NotUnderstood();
        }
        lexer.expect(")", ";", "return", array, ";");
        return value;
    }

    /**
     * {@code for (long i = 0; i < count; i++) { tmpbuf[i] = x; } return …::loadu(tmpbuf.data(),
     * count);}.
     */
    private KernelValue eachLane(String array) throws NotUnderstood {
        lexer.expect("(", "long");
        String variable = lexer.expectIdentifier();
        lexer.expect("=", "0", ";", variable, "<");
        SizeExpression count = expressions.parseInteger();
        lexer.expect(";", variable, "+", "+", ")", "{", array, "[", variable, "]", "=");
        if (scope.lane() != null) {
            throw new NotUnderstood();
        }
        KernelValue value;
        scope.setLane(scope.newLane(variable, count));
        try {
            value = value();
        } finally {
            scope.setLane(null);
        }
        lexer.expect(";", "}", "return", "at", "::", "vec", "::");
        lexer.expectIdentifier();
        lexer.skipTemplateArguments();
        lexer.expect("::", "loadu", "(", array, ".", "data", "(", ")");
        if (lexer.accept(",") && !expressions.parseInteger().equals(count)) {
            throw new NotUnderstood();
        }
        lexer.expect(")", ";");
        return value;
    }

    private KernelValue inParentheses() throws NotUnderstood {
        lexer.expect("(");
        KernelValue value = value();
        lexer.expect(")");
        return value;
    }
}
