package io.github.aoti4j.internal.cpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.internal.cpp.CppLexer.Kind;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class CppLexerTest {
    private static List<String> tokens(String source) {
        var lexer = new CppLexer(source);
        var tokens = new ArrayList<String>();
        for (; lexer.kind() != Kind.END; lexer.advance()) {
            tokens.add(lexer.text());
        }
        return tokens;
    }

    @Test
    void splitsStatements() {
        assertEquals(
                List.of("if", "(", "8", "!=", "arg0_1_size", "[", "1", "]", ")", "{", "}"),
                tokens("if (8 != arg0_1_size[1]) {}"));
        assertEquals(
                List.of("static_cast", "<", "int64_t", ">", "(", "s0", ")", "<<", "1L"),
                tokens("static_cast<int64_t>(s0) << 1L"));
        assertEquals(List.of("1.0", "/", "2.0", "+", "1e-5", "-", ".5"), tokens("1.0/2.0+1e-5-.5"));
    }

    @Test
    void skipsCommentsAndPreprocessor() {
        assertEquals(
                List.of("a", "b", "c", "d"),
                tokens("a // x y\n b /* x\n y */ c\n  #define f(x) \\\n  x y\nd"));
    }

    @Test
    void readsHashInsideALineAsPunctuation() {
        assertEquals(List.of("a", "#", "b"), tokens("a # b"));
    }

    @Test
    void readsStringLiterals() {
        var lexer = new CppLexer("\"a\\\"b\\n\" R\"(c\"d)\" R\"x(e)\"f)x\" u8R\"()\"");
        assertEquals("a\"b\n", lexer.acceptString());
        assertEquals("c\"d", lexer.acceptString());
        assertEquals("e)\"f", lexer.acceptString());
        assertEquals("", lexer.acceptString());
        assertEquals(Kind.END, lexer.kind());
    }

    @Test
    void keepsWhatStandsInStringsOutOfTheCode() {
        assertEquals(
                List.of("f", "(", "\"a // b /* c\"", ",", "'\"'", ")"),
                tokens("f(\"a // b /* c\", '\"')"));
    }

    @Test
    void endsWithTheSourceWhereSomethingIsNotClosed() {
        assertEquals(List.of("a"), tokens("a /* b"));
        assertEquals(List.of("a", "\"b"), tokens("a \"b"));
        assertEquals(List.of("a", "\"b\\"), tokens("a \"b\\"));
        assertEquals(List.of("a", "R\"(b"), tokens("a R\"(b"));
        assertEquals(List.of("a", "R", "\"abc"), tokens("a R\"abc"));
        assertEquals(List.of(), tokens("#define x \\"));
        assertEquals(List.of(), tokens(""));
    }

    @Test
    void readsDecimalIntegersOnly() {
        assertEquals(10L, CppLexer.integer("10L"));
        assertEquals(0L, CppLexer.integer("0"));
        assertEquals(7L, CppLexer.integer("7ULL"));
        assertEquals(Long.MAX_VALUE, CppLexer.integer("9223372036854775807"));
        assertNull(CppLexer.integer("9223372036854775808"));
        assertNull(CppLexer.integer("99999999999999999999"));
        assertNull(CppLexer.integer("0x10"));
        assertNull(CppLexer.integer("010"));
        assertNull(CppLexer.integer("1.0"));
        assertNull(CppLexer.integer("L"));
    }

    @Test
    void staysOnWhatItDoesNotAccept() {
        var lexer = new CppLexer("a.b");
        assertFalse(lexer.accept("b"));
        assertNull(lexer.acceptInteger());
        assertNull(lexer.acceptString());
        assertFalse(lexer.acceptAll("a", "b"));
        assertTrue(lexer.is("."), "the tokens that matched are consumed");
        assertNull(lexer.acceptIdentifier());
        assertTrue(lexer.acceptAll(".", "b"));
        assertFalse(lexer.accept(""));
    }
}
