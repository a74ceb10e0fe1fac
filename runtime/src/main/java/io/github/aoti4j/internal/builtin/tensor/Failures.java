package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.core.NativeException;

/**
 * The first failure of each thread's current run. A function that fails can only return a code to
 * the model, which knows no reason.
 */
public final class Failures {
    private static final PerThread<First> FIRST = new PerThread<>(First::new);

    /** Whether there ever was one: until then, clearing costs nothing. */
    private static volatile boolean any;

    private static final class First {
        String function;
        Throwable failure;
    }

    private Failures() {}

    /**
     * Keeps a failure unless there is an earlier one. Throws nothing, since its caller is native
     * code.
     *
     * @param function the C name of the function that failed
     */
    public static void keep(String function, Throwable failure) {
        try {
            First first = FIRST.get();
            if (first.failure == null) {
                first.function = function;
                first.failure = failure;
            }
            any = true;
        } catch (Throwable e) {
            // No memory to keep it in: the model's own message remains.
        }
    }

    /** Forgets this thread's failure. */
    public static void clear() {
        if (any) {
            FIRST.get().failure = null;
        }
    }

    /** Returns this thread's failure and forgets it; null if there is none. */
    public static NativeException take() {
        if (!any) {
            return null;
        }
        First first = FIRST.get();
        Throwable failure = first.failure;
        if (failure == null) {
            return null;
        }
        first.failure = null;
        boolean known = failure instanceof BuiltInFailure;
        var exception =
                new NativeException(
                        first.function, known ? failure.getMessage() : failure.toString());
        Throwable cause = known ? failure.getCause() : failure;
        if (cause != null) {
            exception.initCause(cause);
        }
        return exception;
    }
}
