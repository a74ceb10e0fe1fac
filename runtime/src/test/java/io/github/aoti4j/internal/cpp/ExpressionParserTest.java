package io.github.aoti4j.internal.cpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionParserTest {
    /** The symbols s0 and s1, with the values 7 and 3. */
    private static final long[] SLOTS = {7, 3};

    private static final class Symbols implements ExpressionParser.Scope {
        @Override
        public SizeExpression variable(String name) {
            return switch (name) {
                case "s0" -> new SizeExpression.Symbol(name, 0);
                case "s1" -> new SizeExpression.Symbol(name, 1);
                default -> null;
            };
        }

        @Override
        public SizeExpression element(String name, String method, int index) {
            boolean known = method == null ? name.equals("x_size") : method.equals("sizes");
            return known && index < 2 ? new SizeExpression.Symbol("x" + index, index) : null;
        }
    }

    private static ExpressionParser parser(String source) {
        return new ExpressionParser(new CppLexer(source), new Symbols());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "10L; 10; 10",
                "s0; 7; s0",
                "1L + 3L*s0; 22; 1 + 3*s0",
                "s0*s1; 21; s0*s1",
                "(-1L) + s0; 6; -1 + s0",
                "s0 - s1 - 1L; 3; s0 - s1 - 1",
                "s0 - (s1 - 1L); 5; s0 - (s1 - 1)",
                "2L*(s0 + s1); 20; 2*(s0 + s1)",
                "-s0; -7; -s0",
                "-(s0 + s1); -10; -(s0 + s1)",
                "s0 % s1; 1; s0 % s1",
                "s0 / s1; 2; s0/s1",
                "-s0 / s1; -2; (-s0)/s1",
                "1L << (s1); 8; 1 << s1",
                "x_size[1]; 3; x1",
                "x.sizes()[0]; 7; x0",
                "static_cast<int64_t>(s0); 7; s0",
                "c10::div_floor_integer(static_cast<int64_t>(s0), static_cast<int64_t>(2L)); 3;"
                        + " s0//2",
                "c10::div_floor_integer(-s0, 2L); -4; (-s0)//2",
                "c10::div_floor_integer(s0, 0L); 0; s0//0",
                "c10::div_mod(-s0, s1); 2; (-s0) % s1",
                "(static_cast<int64_t>(s0) % static_cast<int64_t>(4L)); 3; s0 % 4",
                "std::max(static_cast<int64_t>(s0), static_cast<int64_t>(9L)); 9; max(s0, 9)",
                "std::min<int64_t>({s0, s1, 5L}); 3; min(min(s0, s1), 5)",
                "(1.0/2.0)*s0; 3; 1/2*s0",
                "(-1.0/3.0) + (1.0/3.0)*s0; 1; (-1)/3 + 1/3*s0",
                "s0*1.0/s1; 2; s0*1/s1",
                "static_cast<int64_t>(std::ceil(s0/2.0)); 4; ceil(s0/2)",
                "static_cast<int64_t>(std::floor(static_cast<double>(s0) /"
                        + " static_cast<double>(s1))); 2; floor(s0/s1)",
                "static_cast<int64_t>(std::trunc(-s0/2.0)); -3; trunc((-s0)/2)",
                "std::abs(s1 - s0); 4; abs(s1 - s0)",
            })
    void readsWhatPyTorchPrints(String source, long value, String text) {
        var expression = parser(source).parse();
        assertTrue(expression.isKnown(), expression.text());
        assertEquals(value, expression.toLong(SLOTS));
        assertEquals(text, expression.text());
    }

    @Test
    void losesOneToReciprocalsAsCppDoes() {
        var third = parser("(-1.0/3.0) + (1.0/3.0)*s0").parse();
        assertEquals(1, third.toLong(new long[] {4}));
        assertEquals(1, third.toLong(new long[] {7}), "1.9999999999999998, truncated");
    }

    @Test
    void dividesIntegersByZeroWithAnException() {
        assertThrows(ArithmeticException.class, () -> parser("s0 / 0L").parse().toLong(SLOTS));
        assertThrows(ArithmeticException.class, () -> parser("s0 % 0L").parse().toLong(SLOTS));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s9",
                "s0 + s9",
                "",
                "s0 s1",
                "s0 ? s1 : 2L",
                "std::pow(s0, 2L)",
                "std::sqrt(s0)",
                "static_cast<float>(s0)",
                "static_cast<int64_t>(s0",
                "c10::",
                "x_size[2]",
                "x_size[99999999999999999999]",
                "x_size[-1]",
                "x.numel()[0]",
                "s0 % 2.0",
                "1.5e3",
                "1.2.3",
                "0x10",
                "\"s0\"",
                "u0->size(1)",
                "[]{ return 1; }()",
            })
    void leavesOtherThingsUnknown(String source) {
        assertFalse(parser(source).parse().isKnown());
    }

    @Test
    void findsTheEndOfWhatItDoesNotUnderstand() {
        var list = parser("{s0, (f(s0, {1, 2})[3] + 1), std::pow(s0, 2L), 5L}").parseList(64);
        assertEquals(4, list.size());
        assertTrue(list.get(0).isKnown());
        assertEquals("(f(s0, {1, 2})[3] + 1)", list.get(1).text());
        assertFalse(list.get(2).isKnown());
        assertEquals("5", list.get(3).text());
    }

    @Test
    void readsListsAsPyTorchWritesThem() {
        assertEquals(0, parser("{}").parseList(64).size());
        assertEquals(1, parser("{s0, }").parseList(64).size());
        assertNull(parser("{s0, s1").parseList(64));
        assertNull(parser("{s0; s1}").parseList(64));
        assertNull(parser("s0").parseList(64));
        assertNull(parser("{1, 2, 3}").parseList(2));
    }

    @Test
    void limitsDepthAndSize() {
        int many = 200_000;
        assertFalse(parser("(".repeat(many) + "s0" + ")".repeat(many)).parse().isKnown());
        assertFalse(parser("-".repeat(many) + "s0").parse().isKnown());
        assertFalse(parser("s0" + "+s0".repeat(many)).parse().isKnown());
        assertTrue(parser("(".repeat(20) + "s0" + ")".repeat(20)).parse().isKnown());
        assertEquals(700, parser("s0" + "+s0".repeat(99)).parse().toLong(SLOTS));
    }

    @Test
    void keepsControlCharactersOutOfTexts() {
        var text = parser("f(\u001b[31m\n\t" + "x".repeat(500) + ")").parse().text();
        assertTrue(text.startsWith("f( [31m xxx"), text);
        assertTrue(text.length() < 150, text);
    }
}
