package io.github.aoti4j.batch;

import java.io.Serial;

/** Ends the reading of a row that has a null and is not scored. */
final class NullInRow extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    NullInRow() {
        super("a null", null, false, false);
    }
}
