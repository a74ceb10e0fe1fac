package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.os.Environment;

/**
 * Makes a compiled model check its inputs by itself, which is better than nothing where the package
 * holds no source to take the checks from.
 *
 * <p>A model looks at an environment variable in the first run of its library, and never again
 * ({@code torch/_inductor/codegen/cpp_wrapper_cpu.py}). The variable is the process's, so it is set
 * for the length of that run only: other models, which we check, would refuse sizes of 1 where
 * theirs may vary.
 */
final class EmbeddedInputChecks {
    private static final String VARIABLE = "AOTI_RUNTIME_CHECK_INPUTS";

    /** Such runs of all models. */
    private static int inFlight;

    /** Whether no run has succeeded yet. */
    private volatile boolean wanted = true;

    boolean isWanted() {
        return wanted;
    }

    /** Makes a run that may be the first. */
    void whileOn(Runnable run) {
        change(1);
        try {
            run.run();
            wanted = false;
        } finally {
            change(-1);
        }
    }

    private static synchronized void change(int runs) {
        inFlight += runs;
        String before = System.getenv(VARIABLE);
        Environment.set(VARIABLE, inFlight > 0 ? "1" : before == null ? "0" : before);
    }
}
