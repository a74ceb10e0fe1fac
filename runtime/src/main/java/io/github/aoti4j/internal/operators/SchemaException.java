package io.github.aoti4j.internal.operators;

import java.io.Serial;

/** A schema cannot be read; the message says what was expected where. */
final class SchemaException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    SchemaException(String message) {
        super(message);
    }
}
