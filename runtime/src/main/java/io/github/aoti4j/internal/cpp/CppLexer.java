package io.github.aoti4j.internal.cpp;

import java.util.Set;

/**
 * Splits C++ source into tokens, one at a time, without comments and preprocessor lines.
 *
 * <p>The time is linear in the source's length. A string or comment that is not closed ends with
 * the source.
 */
public final class CppLexer {
    public enum Kind {
        IDENTIFIER,
        NUMBER,
        STRING,
        PUNCTUATION,
        END
    }

    private static final String[] TWO_CHARACTERS = {"::", "<<", "!=", "<=", ">=", "=="};
    private static final Set<String> RAW_PREFIXES = Set.of("R", "u8R", "uR", "UR", "LR");
    private static final int MAX_RAW_DELIMITER = 16;

    private final String source;
    private int position;
    private boolean lineStart = true;
    private Kind kind = Kind.END;
    private int start;
    private int valueStart;
    private int valueEnd;
    private boolean raw;

    /** Starts at the first token. */
    public CppLexer(String source) {
        this.source = source;
        advance();
    }

    public Kind kind() {
        return kind;
    }

    /** Returns where the current token begins. */
    public int start() {
        return start;
    }

    /** Returns the current token as it is written; a string with its quotes. */
    public String text() {
        return source.substring(start, position);
    }

    /** Returns whether the current token has this text. */
    public boolean is(String text) {
        return kind != Kind.STRING
                && position - start == text.length()
                && source.startsWith(text, start);
    }

    /** Moves on and returns true if the current token has this text. */
    public boolean accept(String text) {
        if (kind == Kind.END || !is(text)) {
            return false;
        }
        advance();
        return true;
    }

    /** Accepts several tokens in a row; stops at the first that differs. */
    public boolean acceptAll(String... texts) {
        for (String text : texts) {
            if (!accept(text)) {
                return false;
            }
        }
        return true;
    }

    /** Accepts several tokens in a row. */
    public void expect(String... texts) throws NotUnderstood {
        if (!acceptAll(texts)) {
            throw new NotUnderstood();
        }
    }

    /** Moves on and returns the identifier. */
    public String expectIdentifier() throws NotUnderstood {
        return NotUnderstood.unlessNull(acceptIdentifier());
    }

    /** Moves on and returns the value of a decimal integer. */
    public long expectInteger() throws NotUnderstood {
        return NotUnderstood.unlessNull(acceptInteger());
    }

    /** Moves on behind {@code <int64_t,2>}. */
    public void skipTemplateArguments() throws NotUnderstood {
        expect("<");
        while (!accept(">")) {
            if (acceptIdentifier() == null && acceptInteger() == null && !accept(",")) {
                throw new NotUnderstood();
            }
        }
    }

    /** Moves on and returns the identifier, or returns null and stays. */
    public String acceptIdentifier() {
        if (kind != Kind.IDENTIFIER) {
            return null;
        }
        String text = text();
        advance();
        return text;
    }

    /** Moves on and returns the value of a string literal, or returns null and stays. */
    public String acceptString() {
        if (kind != Kind.STRING) {
            return null;
        }
        String value = source.substring(valueStart, valueEnd);
        String text = raw ? value : unescape(value);
        advance();
        return text;
    }

    /** Moves on and returns the value of a string literal. */
    public String expectString() throws NotUnderstood {
        return NotUnderstood.unlessNull(acceptString());
    }

    /**
     * Moves on and returns a decimal integer, with or without a suffix such as {@code L}; returns
     * null and stays on anything else, and on what does not fit 64 bits.
     */
    public Long acceptInteger() {
        Long value = kind == Kind.NUMBER ? integer(text()) : null;
        if (value != null) {
            advance();
        }
        return value;
    }

    /** Returns the value of a decimal integer literal, or null if it is something else. */
    public static Long integer(String literal) {
        int end = literal.length();
        while (end > 0 && "uUlL".indexOf(literal.charAt(end - 1)) >= 0) {
            end--;
        }
        if (end == 0 || end > 19 || (end > 1 && literal.charAt(0) == '0')) {
            return null; // nothing, more than 64 bits, octal or hexadecimal
        }
        long value = 0;
        for (int i = 0; i < end; i++) {
            int digit = literal.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return null;
            }
            value = value * 10 + digit;
        }
        return value < 0 ? null : value; // 19 digits overflow into the sign, and no further
    }

    /** Returns the text from {@code from} up to the current token. */
    String textFrom(int from) {
        return source.substring(from, start);
    }

    /** Moves back to a token that was the current one. */
    public void reset(int tokenStart) {
        position = tokenStart;
        lineStart = false;
        advance();
    }

    public void advance() {
        skipBlanks();
        start = position;
        if (position == source.length()) {
            kind = Kind.END;
            return;
        }
        char c = source.charAt(position);
        if (isIdentifierStart(c)) {
            identifier();
        } else if (isDigit(c) || (c == '.' && isDigit(charAt(position + 1)))) {
            number();
        } else if (c == '"') {
            quoted('"');
            kind = Kind.STRING;
        } else if (c == '\'') {
            quoted('\'');
            kind = Kind.PUNCTUATION;
        } else {
            punctuation();
        }
        lineStart = false;
    }

    private void skipBlanks() {
        while (position < source.length()) {
            char c = source.charAt(position);
            if (c == '\n') {
                lineStart = true;
                position++;
            } else if (c <= ' ') {
                position++;
            } else if (source.startsWith("//", position) || (c == '#' && lineStart)) {
                skipLine();
            } else if (source.startsWith("/*", position)) {
                int end = source.indexOf("*/", position + 2);
                position = end < 0 ? source.length() : end + 2;
            } else {
                return;
            }
        }
    }

    /** To the end of the line, or of the last of several that backslashes join. */
    private void skipLine() {
        do {
            int end = source.indexOf('\n', position);
            position = end < 0 ? source.length() : end + 1;
        } while (position < source.length()
                && position >= 2
                && source.charAt(position - 2) == '\\');
        lineStart = true;
    }

    private void identifier() {
        while (isIdentifierStart(charAt(position)) || isDigit(charAt(position))) {
            position++;
        }
        kind = Kind.IDENTIFIER;
        if (charAt(position) == '"' && RAW_PREFIXES.contains(text())) {
            rawString();
        }
    }

    private void rawString() {
        int open = position + 1;
        while (open - position <= MAX_RAW_DELIMITER && charAt(open) > ' ' && charAt(open) != '(') {
            open++;
        }
        if (charAt(open) != '(') {
            return; // not a raw string: an identifier before an ordinary one
        }
        String close = ")" + source.substring(position + 1, open) + "\"";
        int end = source.indexOf(close, open + 1);
        valueStart = open + 1;
        valueEnd = end < 0 ? source.length() : end;
        position = end < 0 ? source.length() : end + close.length();
        raw = true;
        kind = Kind.STRING;
    }

    private void number() {
        char c;
        do {
            c = source.charAt(position++);
            char next = charAt(position);
            if ((c == 'e' || c == 'E') && (next == '+' || next == '-')) {
                position++;
            }
            c = charAt(position);
        } while (isIdentifierStart(c) || isDigit(c) || c == '.' || c == '\'');
        kind = Kind.NUMBER;
    }

    private void quoted(char quote) {
        valueStart = ++position;
        raw = false;
        while (position < source.length()) {
            char c = source.charAt(position);
            if (c == quote || c == '\n') {
                break;
            }
            position = Math.min(position + (c == '\\' ? 2 : 1), source.length());
        }
        valueEnd = position;
        if (charAt(position) == quote) {
            position++;
        }
    }

    private void punctuation() {
        kind = Kind.PUNCTUATION;
        for (String pair : TWO_CHARACTERS) {
            if (source.startsWith(pair, position)) {
                position += 2;
                return;
            }
        }
        position++;
    }

    /** PyTorch writes no other escapes into names than Java has. */
    private static String unescape(String value) {
        try {
            return value.translateEscapes();
        } catch (IllegalArgumentException _) {
            return value;
        }
    }

    /** The character there; NUL, which begins no token, behind the end. */
    private char charAt(int index) {
        return index < source.length() ? source.charAt(index) : 0;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isIdentifierStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
    }
}
