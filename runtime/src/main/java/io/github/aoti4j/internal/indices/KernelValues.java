package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
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
    /** What the names in a kernel stand for. */
    interface Names extends ExpressionParser.Scope {
        /** The value of a variable, or null. */
        KernelValue value(String name);

        /** The place of a pointer among the parameters, or -1. */
        int pointer(String name);

        /** What that pointer points to, or null. */
        IndexType pointee(int parameter);

        /** A fresh loop variable that has this name until {@link #endLane}. */
        Symbol beginLane(String name);

        /** Ends the scope of the lane's variable. */
        void endLane(String name);
    }

    /** The expression is not understood. Always caught, hence without a stack trace. */
    static final class NotUnderstood extends Exception {
        private static final long serialVersionUID = 1L;

        NotUnderstood() {
            super(null, null, false, false);
        }
    }

    private static final int MAX_DEPTH = 32;
    private static final Literal ZERO = new Literal(0);

    private final CppLexer lexer;
    private final Names names;
    private final ExpressionParser expressions;
    private int depth;

    /** The name of the variable that runs over lanes, and its loop; null outside of such a loop. */
    private String laneName;

    private KernelLoop lane;

    KernelValues(CppLexer lexer, Names names) {
        this.lexer = lexer;
        this.names = names;
        expressions = new ExpressionParser(lexer, names);
    }

    /** Reads an expression from its start. */
    KernelValue parse() throws NotUnderstood {
        depth = 0;
        return value();
    }

    private KernelValue value() throws NotUnderstood {
        KernelValue condition = sum();
        if (lexer.accept("<")) {
            condition = less(condition, sum());
        }
        if (!lexer.accept("?")) {
            return condition;
        }
        KernelValue yes = sum();
        expect(":");
        return known(KernelValue.select(condition, yes, sum()));
    }

    private static KernelValue less(KernelValue left, KernelValue right) throws NotUnderstood {
        if (left instanceof Element element
                && right instanceof Size(var bound)
                && KernelValue.isZero(bound)) {
            return new Negative(element);
        }
        throw new NotUnderstood();
    }

    /** Reads an operand of a comparison from its start. */
    KernelValue operand() throws NotUnderstood {
        depth = 0;
        return sum();
    }

    private KernelValue sum() throws NotUnderstood {
        KernelValue left = primary();
        while (lexer.accept("+")) {
            left = known(KernelValue.add(left, primary()));
        }
        return left;
    }

    private KernelValue primary() throws NotUnderstood {
        if (++depth > MAX_DEPTH) {
            throw new NotUnderstood();
        }
        KernelValue result;
        if (lexer.accept("(")) {
            result = value();
            expect(")");
        } else if (lexer.is("[")) {
            result = lambda();
        } else if (lexer.kind() == Kind.NUMBER) {
            result = number();
        } else {
            String name = lexer.acceptIdentifier();
            if (name == null) {
                throw new NotUnderstood();
            }
            result = named(name);
        }
        depth--;
        return result;
    }

    private KernelValue number() throws NotUnderstood {
        Long value = lexer.acceptInteger();
        if (value == null) {
            throw new NotUnderstood();
        }
        return new Size(new Literal(value));
    }

    private KernelValue named(String name) throws NotUnderstood {
        return switch (name) {
            case "static_cast" -> {
                expect("<");
                yield cast(type());
            }
            case "c10" -> {
                expect("::", "convert", "<");
                yield cast(type());
            }
            case "decltype" -> ofType();
            case "at" -> vector();
            case "remainder_integral", "max_propagate_nan", "min_propagate_nan" -> bounded(name);
            default -> {
                IndexType type = IndexType.of(name);
                yield type != null && lexer.is("(") ? convert(type) : variable(name);
            }
        };
    }

    /** {@code int64_t>}. */
    private IndexType type() throws NotUnderstood {
        String name = lexer.acceptIdentifier();
        IndexType type = name == null ? null : IndexType.of(name);
        if (type == null) {
            throw new NotUnderstood();
        }
        return type;
    }

    private KernelValue cast(IndexType type) throws NotUnderstood {
        expect(">");
        return convert(type);
    }

    /** {@code (x)} behind the name of a type: of sizes and loop variables, or of a value. */
    private KernelValue convert(IndexType type) throws NotUnderstood {
        int start = lexer.start();
        expect("(");
        SizeExpression number = expressions.parse();
        if (number.isKnown() && !number.isReal() && lexer.accept(")")) {
            return known(new Size(number).convert(type));
        }
        lexer.reset(start);
        return known(inParentheses().convert(type));
    }

    /** {@code decltype(tmp0)(x)} or {@code decltype(tmp4)::blendv(no, yes, condition)}. */
    private KernelValue ofType() throws NotUnderstood {
        expect("(");
        KernelValue like = names.value(identifier());
        expect(")");
        if (lexer.accept("::")) {
            expect("blendv", "(");
            KernelValue no = value();
            expect(",");
            KernelValue yes = value();
            expect(",");
            KernelValue condition = value();
            expect(")");
            return known(KernelValue.select(condition, yes, no));
        }
        if (like instanceof Element(var _, IndexType type, var _)) {
            return known(inParentheses().convert(type));
        }
        throw new NotUnderstood();
    }

    /** What begins with {@code at::vec::}. */
    private KernelValue vector() throws NotUnderstood {
        expect("::", "vec", "::");
        String name = identifier();
        expect("<");
        IndexType type = type();
        // How many lanes; where it converts, also from which type.
        while (!lexer.accept(">")) {
            if (!lexer.accept(",") || (lexer.acceptInteger() == null && type() == null)) {
                throw new NotUnderstood();
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
    private KernelValue loadVector(IndexType type) throws NotUnderstood {
        expect("loadu", "(");
        int parameter = names.pointer(identifier());
        if (parameter < 0 || names.pointee(parameter) != type) {
            throw new NotUnderstood();
        }
        expect("+");
        SizeExpression index = castNumber();
        // Without a count as many as there are, which the type does not always say.
        expect(",");
        SizeExpression count = castNumber();
        expect(")");
        var variable = names.beginLane("");
        names.endLane("");
        var loop = new KernelLoop(variable, ZERO, count, 1, null, null);
        var each = new Binary(Binary.Operator.ADD, index, variable);
        return new Element(new Load(parameter, type, each, loop), type, ZERO);
    }

    /** A remainder, or the greater or smaller of a value and a number. */
    private KernelValue bounded(String function) throws NotUnderstood {
        expect("(");
        var bounds = value() instanceof Bounded known ? known : Bounded.ANY;
        expect(",");
        KernelValue operand = value();
        expect(")");
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
        int parameter = names.pointer(name);
        if (parameter >= 0 && lexer.accept("[")) {
            return element(parameter);
        }
        KernelValue value = names.value(name);
        if (value == null) {
            SizeExpression size = names.variable(name);
            if (size == null) {
                throw new NotUnderstood();
            }
            return new Size(size);
        }
        if (lexer.accept("[")) {
            // An array that a vector was copied into, in a loop over its lanes.
            if (lane == null || !identifier().equals(laneName) || !isWhole(value)) {
                throw new NotUnderstood();
            }
            expect("]");
        } else if (lexer.accept(".")) {
            // The same bits as another type of mask.
            expect("template", "cast", "<");
            skipArguments();
            expect("(", ")");
        }
        return value;
    }

    /** Whether the loop over lanes goes over all those that have been read. */
    private boolean isWhole(KernelValue value) {
        return value.lane() == null || value.lane().end().equals(lane.end());
    }

    private KernelValue element(int parameter) throws NotUnderstood {
        IndexType type = names.pointee(parameter);
        if (type == null) {
            throw new NotUnderstood();
        }
        SizeExpression index = expressions.parse();
        expect("]");
        if (!index.isKnown() || index.isReal()) {
            return new SomeElement(parameter);
        }
        return new Element(new Load(parameter, type, index, lane), type, ZERO);
    }

    /** Reads a number that does not depend on data. */
    private SizeExpression castNumber() throws NotUnderstood {
        SizeExpression number = expressions.parse();
        if (!number.isKnown() || number.isReal()) {
            throw new NotUnderstood();
        }
        return number;
    }

    /**
     * {@code [&] { __at_align__ std::array<int64_t, 16> tmpbuf; … }()}: a vector copied into an
     * array, or an array into a vector, element by element.
     */
    private KernelValue lambda() throws NotUnderstood {
        expect("[", "&", "]", "{", "__at_align__", "std", "::", "array", "<");
        type();
        expect(",");
        if (lexer.acceptInteger() == null) {
            throw new NotUnderstood();
        }
        expect(">");
        String array = identifier();
        expect(";");
        KernelValue value = lexer.accept("for") ? eachLane(array) : stored(array);
        expect("}", "(", ")");
        return value;
    }

    /** {@code tmp0.store(tmpbuf.data(), count); return tmpbuf;}. */
    private KernelValue stored(String array) throws NotUnderstood {
        KernelValue value = names.value(identifier());
        expect(".", "store", "(", array, ".", "data", "(", ")");
        SizeExpression count = lexer.accept(",") ? castNumber() : null;
        expect(")", ";", "return", array, ";");
        if (value != null
                && count != null
                && value.lane() != null
                && !value.lane().end().equals(count)) {
            throw new NotUnderstood();
        }
        return known(value);
    }

    /**
     * {@code for (long i = 0; i < count; i++) { tmpbuf[i] = x; } return …::loadu(tmpbuf.data(),
     * count);}.
     */
    private KernelValue eachLane(String array) throws NotUnderstood {
        expect("(", "long");
        String variable = identifier();
        expect("=", "0", ";", variable, "<");
        SizeExpression count = castNumber();
        expect(";", variable, "+", "+", ")", "{", array, "[", variable, "]", "=");
        if (lane != null) {
            throw new NotUnderstood();
        }
        KernelValue value;
        laneName = variable;
        lane = new KernelLoop(names.beginLane(variable), ZERO, count, 1, null, null);
        try {
            value = value();
        } finally {
            names.endLane(variable);
            lane = null;
        }
        expect(";", "}", "return", "at", "::", "vec", "::");
        identifier();
        expect("<");
        skipArguments();
        expect("::", "loadu", "(", array, ".", "data", "(", ")");
        if (lexer.accept(",") && !castNumber().equals(count)) {
            throw new NotUnderstood();
        }
        expect(")", ";");
        return value;
    }

    /** The rest of {@code <int64_t,2>}. */
    private void skipArguments() throws NotUnderstood {
        while (!lexer.accept(">")) {
            if (lexer.acceptIdentifier() == null
                    && lexer.acceptInteger() == null
                    && !lexer.accept(",")) {
                throw new NotUnderstood();
            }
        }
    }

    private KernelValue inParentheses() throws NotUnderstood {
        expect("(");
        KernelValue value = value();
        expect(")");
        return value;
    }

    private String identifier() throws NotUnderstood {
        String name = lexer.acceptIdentifier();
        if (name == null) {
            throw new NotUnderstood();
        }
        return name;
    }

    private void expect(String... texts) throws NotUnderstood {
        if (!lexer.acceptAll(texts)) {
            throw new NotUnderstood();
        }
    }

    private static KernelValue known(KernelValue value) throws NotUnderstood {
        if (value == null) {
            throw new NotUnderstood();
        }
        return value;
    }
}
