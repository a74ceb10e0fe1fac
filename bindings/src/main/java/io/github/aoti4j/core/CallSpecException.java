package io.github.aoti4j.core;

import java.io.Serial;

/**
 * A model's call spec, PyTorch's TreeSpec of its arguments and results, cannot be used: the model
 * has none, it is damaged, or it holds a kind of node that aoti4j does not know. The model still
 * runs on flat tensors.
 */
public class CallSpecException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what is wrong with the call spec, and where in it
     */
    public CallSpecException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message what is wrong with the call spec, and where in it
     * @param cause what led to it, or null
     */
    public CallSpecException(String message, Throwable cause) {
        super(message, cause);
    }
}
