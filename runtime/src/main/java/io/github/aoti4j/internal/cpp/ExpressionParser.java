package io.github.aoti4j.internal.cpp;

import io.github.aoti4j.internal.cpp.CppLexer.Kind;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary.Operator;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Real;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary.Function;
import io.github.aoti4j.internal.cpp.SizeExpression.Unknown;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the C++ expressions in which PyTorch writes sizes and strides (its CppPrinter: {@code
 * torch/utils/_sympy/printers.py}).
 *
 * <p>What is not in the grammar makes the whole expression {@link Unknown}; the lexer then stands
 * behind it all the same. Depth and size are limited, whatever the source says.
 */
public final class ExpressionParser {
    /** Gives names their meaning; null means that the name has none. */
    public interface Scope {
        /** The variable of this name. */
        SizeExpression variable(String name);

        /**
         * A size or stride: {@code arg0_1_size[1]} without a method, {@code arg0_1.sizes()[1]} with
         * the method's name.
         */
        default SizeExpression element(String name, String method, int index) {
            return null;
        }
    }

    private static final int MAX_DEPTH = 64;
    private static final int MAX_NODES = 1000;
    private static final int MAX_UNKNOWN_TEXT = 100;

    private final CppLexer lexer;
    private final Scope scope;
    private int depth;
    private int nodes;

    public ExpressionParser(CppLexer lexer, Scope scope) {
        this.lexer = lexer;
        this.scope = scope;
    }

    /** Reads an expression up to a comma, a semicolon or a closing bracket. */
    public SizeExpression parse() {
        int start = lexer.start();
        depth = 0;
        nodes = 0;
        try {
            SizeExpression expression = operation(0);
            if (atEnd()) {
                return expression;
            }
        } catch (NotUnderstood _) {
            // The result says so.
        }
        return unknown(start);
    }

    /** Reads an integer; throws where {@link #parse} returns something else. */
    public SizeExpression parseInteger() throws NotUnderstood {
        SizeExpression number = parse();
        if (!number.isInteger()) {
            throw new NotUnderstood();
        }
        return number;
    }

    /** Reads {@code {a, b, c}}; null, somewhere inside, if it is not such a list. */
    public List<SizeExpression> parseList(int limit) {
        if (!lexer.accept("{")) {
            return null;
        }
        var list = new ArrayList<SizeExpression>();
        while (!lexer.accept("}")) {
            if (list.size() == limit || lexer.kind() == Kind.END) {
                return null;
            }
            list.add(parse());
            if (!lexer.accept(",") && !lexer.is("}")) {
                return null;
            }
        }
        return List.copyOf(list);
    }

    private boolean atEnd() {
        return lexer.kind() == Kind.END
                || lexer.is(",")
                || lexer.is(";")
                || lexer.is(")")
                || lexer.is("}")
                || lexer.is("]");
    }

    /** Reads the expression once more, for its end only. */
    private Unknown unknown(int start) {
        lexer.reset(start);
        int open = 0;
        while (lexer.kind() != Kind.END && !lexer.is(";") && (open > 0 || !atEnd())) {
            if (lexer.is("(") || lexer.is("{") || lexer.is("[")) {
                open++;
            } else if (lexer.is(")") || lexer.is("}") || lexer.is("]")) {
                open--;
            }
            lexer.advance();
        }
        String text = lexer.textFrom(start);
        boolean tooLong = text.length() > MAX_UNKNOWN_TEXT;
        String shown = tooLong ? text.substring(0, MAX_UNKNOWN_TEXT) + "…" : text;
        return new Unknown(shown.replaceAll("[\\s\\p{Cntrl}]+", " ").strip());
    }

    /** Operators of this precedence and of higher ones. */
    private SizeExpression operation(int precedence) throws NotUnderstood {
        if (precedence > 2) {
            return unary();
        }
        SizeExpression left = operation(precedence + 1);
        Operator operator = operator(precedence);
        while (operator != null) {
            left = binary(operator, left, operation(precedence + 1));
            operator = operator(precedence);
        }
        return left;
    }

    private Operator operator(int precedence) {
        return switch (precedence) {
            case 0 -> lexer.accept("<<") ? Operator.SHIFT_LEFT : null;
            case 1 ->
                    lexer.accept("+") ? Operator.ADD : lexer.accept("-") ? Operator.SUBTRACT : null;
            default ->
                    lexer.accept("*")
                            ? Operator.MULTIPLY
                            : lexer.accept("/")
                                    ? Operator.DIVIDE
                                    : lexer.accept("%") ? Operator.REMAINDER : null;
        };
    }

    private SizeExpression unary() throws NotUnderstood {
        if (++depth > MAX_DEPTH) {
            throw new NotUnderstood();
        }
        SizeExpression result;
        if (lexer.accept("-")) {
            SizeExpression operand = unary();
            result =
                    operand instanceof Literal(long value)
                            ? new Literal(-value)
                            : unary(Function.NEGATE, operand);
        } else {
            result = primary();
        }
        depth--;
        return result;
    }

    private SizeExpression primary() throws NotUnderstood {
        if (lexer.is("(")) {
            return argument();
        }
        if (lexer.kind() == Kind.NUMBER) {
            return number();
        }
        String name = lexer.expectIdentifier();
        if (name.equals("static_cast")) {
            return cast();
        }
        if (lexer.accept("::")) {
            return call(name, lexer.acceptIdentifier());
        }
        SizeExpression meaning =
                lexer.is("[") || lexer.is(".") ? element(name) : scope.variable(name);
        return count(NotUnderstood.unlessNull(meaning));
    }

    /** {@code arg0_1_size[1]}, or {@code arg0_1.sizes()[1]}. */
    private SizeExpression element(String name) throws NotUnderstood {
        String method = null;
        if (lexer.accept(".")) {
            method = lexer.acceptIdentifier();
            lexer.expect("(", ")");
        }
        lexer.expect("[");
        Long index = lexer.acceptInteger();
        if (index == null || index >= Shapes.MAX_RANK) {
            throw new NotUnderstood();
        }
        lexer.expect("]");
        return scope.element(name, method, index.intValue());
    }

    private SizeExpression number() throws NotUnderstood {
        String literal = lexer.text();
        Long integer = lexer.acceptInteger();
        if (integer != null) {
            return count(new Literal(integer));
        }
        // Only digits and a point: Java also reads hexadecimal ones, "1.0d" and "NaN".
        if (!literal.chars().allMatch(c -> (c >= '0' && c <= '9') || c == '.')) {
            throw new NotUnderstood();
        }
        try {
            double value = Double.parseDouble(literal);
            lexer.advance();
            return count(new Real(value));
        } catch (NumberFormatException _) {
            throw new NotUnderstood();
        }
    }

    private SizeExpression cast() throws NotUnderstood {
        lexer.expect("<");
        Function function =
                switch (lexer.acceptIdentifier()) {
                    case "int64_t", "long" -> Function.TO_INTEGER;
                    case "double" -> Function.TO_REAL;
                    case null, default -> throw new NotUnderstood();
                };
        lexer.expect(">");
        SizeExpression operand = argument();
        boolean same = operand.isReal() == (function == Function.TO_REAL);
        return same ? operand : unary(function, operand);
    }

    private SizeExpression call(String namespace, String function) throws NotUnderstood {
        return switch (namespace + "::" + function) {
            case "std::min" -> fold(Operator.MIN);
            case "std::max" -> fold(Operator.MAX);
            case "std::floor" -> unary(Function.FLOOR, argument());
            case "std::ceil" -> unary(Function.CEIL, argument());
            case "std::trunc" -> unary(Function.TRUNC, argument());
            case "std::abs" -> unary(Function.ABS, argument());
            case "c10::div_floor_integer", "c10::div_floor_floating" -> pair(Operator.FLOOR_DIVIDE);
            case "c10::div_mod" -> pair(Operator.FLOOR_MODULO);
            default -> throw new NotUnderstood();
        };
    }

    private SizeExpression argument() throws NotUnderstood {
        lexer.expect("(");
        SizeExpression argument = operation(0);
        lexer.expect(")");
        return argument;
    }

    private SizeExpression pair(Operator operator) throws NotUnderstood {
        lexer.expect("(");
        SizeExpression left = operation(0);
        lexer.expect(",");
        SizeExpression right = operation(0);
        lexer.expect(")");
        return binary(operator, left, right);
    }

    /** {@code (a, b)}, or {@code <int64_t>({a, b, c})}. */
    private SizeExpression fold(Operator operator) throws NotUnderstood {
        if (lexer.accept("<")) {
            lexer.acceptIdentifier();
            lexer.expect(">");
        }
        lexer.expect("(");
        boolean list = lexer.accept("{");
        SizeExpression result = operation(0);
        while (lexer.accept(",")) {
            result = binary(operator, result, operation(0));
        }
        if (list) {
            lexer.expect("}");
        }
        lexer.expect(")");
        return result;
    }

    private SizeExpression binary(Operator operator, SizeExpression left, SizeExpression right)
            throws NotUnderstood {
        var result = new Binary(operator, left, right);
        if (result.isReal() && operator.isForIntegers()) {
            throw new NotUnderstood();
        }
        return count(result);
    }

    private SizeExpression unary(Function function, SizeExpression operand) throws NotUnderstood {
        return count(new Unary(function, operand));
    }

    private SizeExpression count(SizeExpression node) throws NotUnderstood {
        if (++nodes > MAX_NODES) {
            throw new NotUnderstood();
        }
        return node;
    }
}
