package io.github.aoti4j.core;

import java.io.Serial;

/** A native function reported failure. */
public class NativeException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /** The C symbol. */
    private final String function;

    /** What native code said. */
    private final String nativeMessage;

    /**
     * Creates an exception.
     *
     * @param function the native function that failed
     * @param nativeMessage what native code said; when it said nothing, where its message can be
     *     found instead
     */
    public NativeException(String function, String nativeMessage) {
        super(function + " failed: " + nativeMessage.strip());
        this.function = function;
        this.nativeMessage = nativeMessage;
    }

    /**
     * Returns the name of the function that failed.
     *
     * @return the C symbol
     */
    public String function() {
        return function;
    }

    /**
     * Returns the message of the native side.
     *
     * @return the message as native code gave it
     */
    public String nativeMessage() {
        return nativeMessage;
    }
}
