package io.github.aoti4j;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.aoti4j.testing.OnBothEngines;

import java.util.Set;

/** The engine that the build runs the tests with; see {@link OnBothEngines}. */
public final class EngineUnderTest {
    /**
     * The fixtures that the built-in engine refuses: a test compares this list with what it does.
     */
    static final Set<String> NEED_LIBTORCH =
            Set.of(
                    "custom_defaults",
                    "custom_int",
                    "custom_lists",
                    "custom_mutates",
                    "custom_results",
                    "custom_scalars",
                    "custom_scale_add",
                    "proxy_complex",
                    "proxy_counts",
                    "proxy_fft",
                    "proxy_linalg",
                    "proxy_scalars",
                    "random",
                    "random_fallback",
                    "random_operators");

    private EngineUnderTest() {}

    /** Returns whether libtorch is hidden, and models run on the built-in engine. */
    public static boolean isBuiltIn() {
        return "built-in".equals(System.getProperty("aoti.engine"));
    }

    /** Returns whether only libtorch can run a fixture. */
    public static boolean needsLibTorch(String fixture) {
        return NEED_LIBTORCH.contains(fixture);
    }

    /** Skips a test of what only libtorch can run. */
    static void assumeRuns(String fixture) {
        assumeFalse(
                isBuiltIn() && NEED_LIBTORCH.contains(fixture),
                fixture + " needs libtorch, which FixturesTest shows");
    }

    /** Skips a test that is about libtorch. */
    public static void assumeLibTorch() {
        assumeFalse(isBuiltIn(), "this is about libtorch");
    }
}
