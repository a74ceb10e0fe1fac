package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;

/** What is found is what regular expressions find. */
class CompilerFactsTest {
    private static final Pattern MARCH = Pattern.compile(" -march=([\\w.+-]{1,40})(?=\\s)");
    private static final Pattern WEIGHTS =
            Pattern.compile("std::move\\(cubin_dir\\),\\s{0,200}(true|false)\\)");

    private static final List<String> PIECES =
            List.of(
                    "// Compile cmd",
                    " -march=",
                    "native",
                    "x86-64-v3",
                    "a".repeat(20),
                    "+",
                    "ä",
                    " ",
                    "\n",
                    "\t",
                    " ".repeat(100),
                    "std::move(cubin_dir),",
                    "true)",
                    "false)",
                    "true");

    @Test
    void findsTheOptionOfTheQuotedCommand() {
        String source = "g++ -march=a \n// Compile cmd\n// g++ -O3 -march=x86-64-v3 -o x\n";
        assertEquals(Optional.of("x86-64-v3"), CompilerFacts.march(source));
        assertEquals(Optional.empty(), CompilerFacts.march("g++ -march=native -o x"));
    }

    @Test
    void agreesWithRegularExpressions() {
        Random random = new Random(1);
        int marches = 0;
        int weights = 0;
        for (int i = 0; i < 50_000; i++) {
            var text = new StringBuilder();
            for (int piece = random.nextInt(8); piece >= 0; piece--) {
                text.append(PIECES.get(random.nextInt(PIECES.size())));
            }
            String source = text.toString();
            Optional<String> march = march(source);
            Optional<Boolean> holds = holdsWeights(source);
            assertEquals(march, CompilerFacts.march(source), source);
            assertEquals(holds, CompilerFacts.holdsWeights(source), source);
            marches += march.isPresent() ? 1 : 0;
            weights += holds.isPresent() ? 1 : 0;
        }
        assertTrue(marches > 100 && weights > 100, marches + " and " + weights + " found");
    }

    private static Optional<String> march(String source) {
        int command = source.lastIndexOf("// Compile cmd");
        var option = MARCH.matcher(source).region(Math.max(command, 0), source.length());
        return command >= 0 && option.find() ? Optional.of(option.group(1)) : Optional.empty();
    }

    private static Optional<Boolean> holdsWeights(String source) {
        var argument = WEIGHTS.matcher(source);
        return argument.find()
                ? Optional.of(Boolean.parseBoolean(argument.group(1)))
                : Optional.empty();
    }
}
