package io.github.aoti4j.core;

import java.io.Serial;

/**
 * The root of the exceptions of aoti4j. Unchecked, since most callers cannot repair a bad package
 * or a bad input.
 *
 * <p>{@link Error}s, {@link WrongThreadException} and the {@link IllegalStateException} of a closed
 * {@link java.lang.foreign.Arena} pass through aoti4j unwrapped.
 */
public class AotiException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what was wrong, where, and what to do
     */
    public AotiException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message what was wrong, where, and what to do
     * @param cause what led to it, or null
     */
    public AotiException(String message, Throwable cause) {
        super(message, cause);
    }
}
