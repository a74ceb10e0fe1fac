package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.core.AotiException;

/**
 * Why a function of the built-in engine failed. Thrown by functions that models call, caught before
 * native code is reached, and told by the run as an exception of the public API.
 */
public final class BuiltInFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Makes a failure.
     *
     * @param message names dtypes and shapes; the function's name is added by the caller
     */
    public BuiltInFailure(String message) {
        this(message, null);
    }

    /**
     * Makes a failure with a reason that callers of the run may look for.
     *
     * @param message names dtypes and shapes; the function's name is added by the caller
     * @param cause of the public API; null for none
     */
    public BuiltInFailure(String message, AotiException cause) {
        super(message, cause, false, false);
    }
}
