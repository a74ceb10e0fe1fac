package io.github.aoti4j.internal.cpp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The tokens of a C++ source, and the brackets that they stand in. Indices may be out of range. */
public final class CppTokens {
    private final List<String> tokens = new ArrayList<>();
    private final List<Integer> starts = new ArrayList<>();

    /** By token: the bracket that it stands in, or -1; of a closing bracket, its opening one. */
    private final int[] around;

    /** By opening bracket: the closing one; the number of tokens if there is none. */
    private final int[] closing;

    public CppTokens(CppLexer lexer) {
        for (; lexer.kind() != CppLexer.Kind.END; lexer.advance()) {
            starts.add(lexer.start());
            tokens.add(lexer.text());
        }
        around = new int[tokens.size()];
        closing = new int[tokens.size()];
        nest();
    }

    private void nest() {
        var open = new ArrayDeque<Integer>();
        for (int i = 0; i < tokens.size(); i++) {
            String token = tokens.get(i);
            boolean closes = token.equals(")") || token.equals("}") || token.equals("]");
            around[i] = open.isEmpty() ? -1 : open.peek();
            if (closes && !open.isEmpty()) {
                closing[open.pop()] = i;
            } else if (token.equals("(") || token.equals("{") || token.equals("[")) {
                closing[i] = tokens.size();
                open.push(i);
            }
        }
    }

    public int count() {
        return tokens.size();
    }

    /** The token; empty outside the source. */
    public String get(int at) {
        return at < 0 || at >= tokens.size() ? "" : tokens.get(at);
    }

    public boolean is(int at, String text) {
        return get(at).equals(text);
    }

    public boolean isIdentifier(int at) {
        String token = get(at);
        return !token.isEmpty()
                && (Character.isLetter(token.charAt(0)) || token.charAt(0) == '_')
                && !token.endsWith("\"");
    }

    /** The tokens of a range, without blanks. */
    public String joined(int from, int to) {
        return String.join("", tokens.subList(from, to));
    }

    /** Where the token begins in the source. */
    public int start(int at) {
        return starts.get(at);
    }

    /** The bracket that a token stands in, or -1; of a closing bracket, its opening one. */
    public int around(int at) {
        return at < 0 || at >= tokens.size() ? -1 : around[at];
    }

    /** The bracket that closes an opening one; the number of tokens if there is none. */
    public int closing(int open) {
        return closing[open];
    }
}
