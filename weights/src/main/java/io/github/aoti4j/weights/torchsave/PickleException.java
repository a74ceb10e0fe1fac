package io.github.aoti4j.weights.torchsave;

import java.io.Serial;

/** A pickle is damaged, or holds what is not allowed in it; the message says what. */
final class PickleException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    PickleException(String message) {
        super(message);
    }
}
