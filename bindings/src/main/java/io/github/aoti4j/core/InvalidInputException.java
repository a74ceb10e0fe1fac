package io.github.aoti4j.core;

import java.io.Serial;

/**
 * An argument does not fit the model: the number of inputs, or an input's dtype, rank, size, range,
 * stride or device.
 *
 * <p>Nothing has been handed to native code when it is thrown.
 */
public class InvalidInputException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the input's name, what was expected and what was given
     */
    public InvalidInputException(String message) {
        super(message);
    }
}
