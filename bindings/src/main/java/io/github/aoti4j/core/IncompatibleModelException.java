package io.github.aoti4j.core;

import java.io.Serial;

/**
 * A package is sound but cannot run here: it was compiled for another machine, needs a CPU feature
 * that is absent, or needs functions that the libtorch in use does not have. Also thrown when there
 * is no usable libtorch at all.
 */
public class IncompatibleModelException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what the model needs, what is here, and what to do
     */
    public IncompatibleModelException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message what the model needs, what is here, and what to do
     * @param cause what led to it, or null
     */
    public IncompatibleModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
