package io.github.aoti4j.jmh;

import io.github.aoti4j.ModelOptions;

/** By which of its two entry points a model is run. */
public enum Entry {
    /** One run at a time, without locks. */
    SINGLE_THREADED,
    /** Two runs may be in flight. */
    CONCURRENT;

    /**
     * Returns how many runs may be in flight.
     *
     * @return 1 or 2
     */
    public int runners() {
        return this == SINGLE_THREADED ? 1 : 2;
    }

    /** Returns the options that lead to it. */
    public ModelOptions options() {
        return ModelOptions.defaults().runners(runners());
    }
}
