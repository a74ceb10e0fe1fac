package io.github.aoti4j.jmh;

import io.github.aoti4j.ModelOptions;

/** The two entry points of a model. */
public enum Entry {
    /** One run in flight, without locks. */
    SINGLE_THREADED,
    /** Two runs may be in flight. */
    CONCURRENT;

    public int runners() {
        return this == SINGLE_THREADED ? 1 : 2;
    }

    public ModelOptions options() {
        return ModelOptions.defaults().runners(runners());
    }
}
