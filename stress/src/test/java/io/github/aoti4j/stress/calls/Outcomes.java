package io.github.aoti4j.stress.calls;

import java.util.concurrent.Callable;

/** Judges what a call throws. */
final class Outcomes {
    /** The name of threads near the end of their stack. */
    static final String DEEP = "deep";

    /** Tells something that must not happen. */
    static final class Wrong extends AssertionError {
        private static final long serialVersionUID = 1;

        Wrong(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** What a call was to be made on could not be made, for a reason that is documented. */
    static final class Unprepared extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unprepared(Throwable cause) {
            super(cause);
        }
    }

    private Outcomes() {}

    static boolean isOutOfStack(Throwable e) {
        return e instanceof StackOverflowError && Thread.currentThread().getName().equals(DEEP);
    }

    static void require(String method, Throwable e) {
        if (isOutOfStack(e)) {
            // The package says so of all methods.
            return;
        }
        if (method.isEmpty()
                ? !(e instanceof IllegalStateException
                        || e instanceof WrongThreadException
                        || e instanceof UnsupportedOperationException)
                : !Documented.allows(method, e)) {
            throw new Wrong(method + " does not say that it throws " + e, e);
        }
    }

    /** Makes what the step's call needs; failing is documented elsewhere. */
    static <T> T prepared(String method, Callable<T> preparation) {
        try {
            return preparation.call();
        } catch (Wrong | Unprepared e) {
            throw e;
        } catch (Throwable e) {
            require(method, e);
            throw new Unprepared(e);
        }
    }
}
