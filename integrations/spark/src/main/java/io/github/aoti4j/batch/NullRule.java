package io.github.aoti4j.batch;

import java.io.Serializable;

/**
 * What happens to a row that has a null in an input's column.
 *
 * @param action what happens
 * @param value stands for the null, if nulls are replaced
 */
public record NullRule(Action action, double value) implements Serializable {
    /** The row is refused. */
    public static final NullRule FAIL = new NullRule(Action.FAIL, 0);

    /** What happens. */
    public enum Action {
        /** The row is refused. */
        FAIL,
        /** The row is left out of the result. */
        SKIP,
        /** The row stays and is not scored: its outputs are null. */
        KEEP,
        /** A value stands for the null. */
        REPLACE
    }
}
