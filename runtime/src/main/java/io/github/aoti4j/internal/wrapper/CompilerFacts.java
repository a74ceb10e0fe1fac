package io.github.aoti4j.internal.wrapper;

import java.util.Optional;

/**
 * How a wrapper was compiled, as its source says. Without regular expressions, whose first use in a
 * JVM takes milliseconds.
 */
final class CompilerFacts {
    /** PyTorch quotes the compiler's command in a comment behind the source. */
    private static final String COMMAND = "// Compile cmd";

    private static final String MARCH = " -march=";
    private static final int MAX_MARCH = 40;

    /** Followed by white space and whether the weights are in the library. */
    private static final String BEFORE_WEIGHTS = "std::move(cubin_dir),";

    private static final int MAX_SPACE = 200;

    private CompilerFacts() {}

    /** The last argument of the base class's constructor ({@code include_weights}). */
    static Optional<Boolean> holdsWeights(String source) {
        for (int at = source.indexOf(BEFORE_WEIGHTS);
                at >= 0;
                at = source.indexOf(BEFORE_WEIGHTS, at + 1)) {
            int from = at + BEFORE_WEIGHTS.length();
            int to = from;
            while (to < source.length() && to - from < MAX_SPACE && isSpace(source.charAt(to))) {
                to++;
            }
            if (source.startsWith("true)", to)) {
                return Optional.of(true);
            }
            if (source.startsWith("false)", to)) {
                return Optional.of(false);
            }
        }
        return Optional.empty();
    }

    static Optional<String> march(String source) {
        int command = source.lastIndexOf(COMMAND);
        if (command < 0) {
            return Optional.empty();
        }
        for (int at = source.indexOf(MARCH, command); at >= 0; at = source.indexOf(MARCH, at + 1)) {
            int from = at + MARCH.length();
            int to = from;
            while (to < source.length()
                    && to - from <= MAX_MARCH
                    && isOptionLetter(source.charAt(to))) {
                to++;
            }
            boolean isWhole = to < source.length() && isSpace(source.charAt(to));
            if (isWhole && from < to && to - from <= MAX_MARCH) {
                return Optional.of(source.substring(from, to));
            }
        }
        return Optional.empty();
    }

    private static boolean isSpace(char letter) {
        return letter == ' ' || ('\t' <= letter && letter <= '\r');
    }

    private static boolean isOptionLetter(char letter) {
        return ('a' <= letter && letter <= 'z')
                || ('A' <= letter && letter <= 'Z')
                || ('0' <= letter && letter <= '9')
                || "_.+-".indexOf(letter) >= 0;
    }
}
