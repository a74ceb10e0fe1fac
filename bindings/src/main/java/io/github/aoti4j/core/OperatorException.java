package io.github.aoti4j.core;

import java.io.Serial;

/**
 * An operator cannot be registered, or one written in Java broke its own schema: the message names
 * the operator and what is wrong.
 */
public class OperatorException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the operator, what is wrong, and what to do
     */
    public OperatorException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message the operator, what is wrong, and what to do
     * @param cause why
     */
    public OperatorException(String message, Throwable cause) {
        super(message, cause);
    }
}
