package io.github.aoti4j.core;

import java.io.Serial;

/**
 * A model would take more private memory than its limit allows. What was asked for has not been
 * taken: a model that was to be loaded is not there, and constants that were to be replaced keep
 * their values. A run that fails for this reason throws a {@link NativeException} with this as its
 * cause.
 */
public class MemoryLimitException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /** Bytes that were asked for. */
    private final long needed;

    /** Bytes that the model had. */
    private final long held;

    /** Bytes that it may have. */
    private final long limit;

    /**
     * Creates an exception.
     *
     * @param message what needs how much for what, the limit, and what to do
     * @param needed how many bytes were asked for
     * @param held how many bytes the model had
     * @param limit how many bytes it may have
     */
    public MemoryLimitException(String message, long needed, long held, long limit) {
        super(message);
        this.needed = needed;
        this.held = held;
        this.limit = limit;
    }

    /** {@return how many bytes were asked for, beside those that the model had} */
    public long needed() {
        return needed;
    }

    /** {@return how many bytes of private memory the model had} */
    public long held() {
        return held;
    }

    /** {@return how many bytes of private memory the model may have} */
    public long limit() {
        return limit;
    }
}
