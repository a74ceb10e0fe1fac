package io.github.aoti4j.core;

import java.io.Serial;

/**
 * A native function reported failure. The exception's message is one line; the C++ stack that
 * libtorch adds is in {@link #nativeMessage()} only.
 */
public class NativeException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    /** What begins the part of a message that lists the stack. */
    private static final String[] STACKS = {
        "\nException raised from ", "\nC++ CapturedTraceback:", "\nframe #"
    };

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
        super(function + " failed: " + line(nativeMessage));
        this.function = function;
        this.nativeMessage = nativeMessage;
    }

    /** {@return the C symbol of the function that failed} */
    public String function() {
        return function;
    }

    /**
     * {@return the message as native code gave it, in full: several lines, with the frames of the
     * C++ stack where it has those}
     */
    public String nativeMessage() {
        return nativeMessage;
    }

    /** Returns what is said before the stack, in one line. */
    private static String line(String message) {
        int end = message.length();
        for (String stack : STACKS) {
            int at = message.indexOf(stack);
            end = at < 0 ? end : Math.min(end, at);
        }
        return message.substring(0, end).strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
