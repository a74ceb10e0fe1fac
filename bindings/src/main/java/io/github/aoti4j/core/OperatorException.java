package io.github.aoti4j.core;

import java.io.Serial;

/**
 * An operator cannot be registered, broke its own schema, or gave another result than the model was
 * compiled for: the message names the operator, the result, what it is and what it must be.
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
