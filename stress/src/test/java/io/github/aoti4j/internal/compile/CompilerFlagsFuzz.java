package io.github.aoti4j.internal.compile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.stress.fuzz.FuzzTarget;

import java.nio.file.Path;

/** Attacks the reader of compile flags. */
public final class CompilerFlagsFuzz {
    private static final Path PACKAGE = Path.of("m.pt2");

    private CompilerFlagsFuzz() {}

    /** The reader. */
    public static FuzzTarget target(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("compiler_flags", seeds, CompilerFlagsFuzz::read)
                .words(
                        "-fplugin=",
                        "-o ",
                        "-B/tmp ",
                        "@file ",
                        "-Xlinker ",
                        "-Wl,",
                        "-specs=",
                        "\"cflags\":[",
                        "\"passthrough_args\":[");
    }

    private static void read(byte[] input) {
        var flags = CompilerFlags.parse(new String(input, UTF_8), PACKAGE, "x_compile_flags.json");
        for (String argument : flags.arguments()) {
            // Nothing that is a file or an option of two words.
            assertTrue(argument.startsWith("-"), argument);
            assertTrue(argument.chars().noneMatch(c -> c <= ' ' || c == '/' || c > '~'), argument);
        }
    }
}
