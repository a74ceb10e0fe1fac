package io.github.aoti4j.jmh;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.core.Engine;

/** The two entry points of a model, with each engine. */
public enum Entry {
    /** One run in flight, without locks. */
    SINGLE_THREADED(1, Engine.LIBTORCH),
    /** Two runs may be in flight. */
    CONCURRENT(2, Engine.LIBTORCH),
    BUILT_IN_SINGLE_THREADED(1, Engine.BUILT_IN),
    BUILT_IN_CONCURRENT(2, Engine.BUILT_IN);

    private final int runners;
    private final Engine engine;

    Entry(int runners, Engine engine) {
        this.runners = runners;
        this.engine = engine;
    }

    public int runners() {
        return runners;
    }

    public ModelOptions options() {
        return ModelOptions.defaults().runners(runners).engine(engine);
    }
}
